/**
 * Makes `markets/aapl-spx-1d.csv.gz`, the recorded market of the demo: real daily bars of AAPL and the S&P 500 index from two
 * npm packages, in one table. `npm run market` writes it, `npm run market -- --check` makes it again in memory, compares it with
 * the stored file and with what markets/SOURCES.md says, and exits 1 on a difference.
 *
 * Rules: sessions from 2013-05-13 to 2018-05-11; rows by time, then symbol; prices rounded to cents, half-even, from the decimal
 * text of the source; volumes as they are; the adjusted close left out. The bytes compared are the unpacked ones: another zlib
 * may pack the same text differently.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { DecimalReader, formatUnits } from "../agents/market/src/core/decimal.ts";

const root = new URL("..", import.meta.url);
const marketFile = new URL("markets/aapl-spx-1d.csv.gz", root);
const sourcesFile = new URL("markets/SOURCES.md", root);
const sources = [
  { symbol: "AAPL", module: "@observablehq/sample-datasets", version: "1.0.1", file: "aapl.csv" },
  { symbol: "SPX", module: "vega-datasets", version: "3.2.1", file: "data/sp500-2000.csv" },
];
const first = "2013-05-13";
const last = "2018-05-11";

const text = makeMarket();
const sha256 = createHash("sha256").update(text).digest("hex");
if (process.argv.includes("--check")) {
  const problems = findProblems();
  for (const problem of problems) console.error(`market: ${problem}`);
  if (problems.length === 0) console.log("market: markets/aapl-spx-1d.csv.gz is what its sources make");
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  writeFileSync(marketFile, pack(text));
  console.log(`market: wrote markets/aapl-spx-1d.csv.gz; SHA-256 of its text, for markets/SOURCES.md: ${sha256}`);
}

function makeMarket(): string {
  const rows = sources.flatMap(readBars).sort((a, b) => compare(a.time, b.time) || compare(a.symbol, b.symbol));
  return [
    "time,symbol,open,high,low,close,volume",
    ...rows.map(({ time, symbol, values }) => [time, symbol, ...values].join(",")),
  ]
    .join("\n")
    .concat("\n");
}

function readBars({
  symbol,
  module,
  file,
}: (typeof sources)[number]): { time: string; symbol: string; values: string[] }[] {
  const [header = "", ...lines] = readFileSync(new URL(`node_modules/${module}/${file}`, root), "utf8")
    .trim()
    .split("\n");
  const names = header.toLowerCase().split(",");
  return lines
    .map((line) => line.split(","))
    .map((cells) => new Map(names.map((name, index) => [name, cells[index] ?? ""])))
    .map((cell) => ({
      time: cell.get("date") ?? "",
      symbol,
      values: [
        ...["open", "high", "low", "close"].map((name) => cents(cell.get(name) ?? "")),
        cell.get("volume") ?? "",
      ],
    }))
    .filter(({ time }) => time >= first && time <= last);
}

function cents(price: string): string {
  const bytes = Buffer.from(price);
  const units = new DecimalReader().read(bytes, 0, bytes.length, 2, 1);
  if (Number.isNaN(units)) throw new Error(`"${price}" is no price`);
  return formatUnits(units, 2);
}

function findProblems(): string[] {
  const problems: string[] = [];
  if (gunzipSync(readFileSync(marketFile)).toString("utf8") !== text)
    problems.push("the stored file differs from its sources");
  const statement = readFileSync(sourcesFile, "utf8");
  if (!statement.includes(sha256)) problems.push(`markets/SOURCES.md does not name SHA-256 ${sha256}`);
  for (const { module, version } of sources) {
    const { version: installed } = JSON.parse(
      readFileSync(new URL(`node_modules/${module}/package.json`, root), "utf8"),
    );
    if (installed !== version) problems.push(`${module} is ${installed}, the file was made from ${version}`);
    if (!statement.includes(`${module} ${version}`))
      problems.push(`markets/SOURCES.md does not name ${module} ${version}`);
  }
  return problems;
}

/** Node writes no time into the header; it does write the operating system, which is taken out: 255 is "unknown" (RFC 1952). */
function pack(content: string): Buffer {
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 255;
  return packed;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
