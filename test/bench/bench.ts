/**
 * The bench: `npm run bench -- [path|ledger|halt] [--rates 50,100,…] [--seconds N | --rounds N]`. One table, of one run on this machine. A script and no
 * test: what it says depends on the machine and on what else it does.
 */
import { cpus } from "node:os";
import { parseOptions } from "../../scripts/options.ts";
import { benchHalt } from "./halt.ts";
import { benchLedger } from "./ledger.ts";
import { benchPath } from "./path.ts";

const subjects = {
  path: { run: benchPath, rates: "50,100,200,300,500", seconds: "30" },
  ledger: { run: benchLedger, rates: "200,500,1000,2000", seconds: "20" },
  halt: { run: benchHalt, rates: "10", rounds: "20" },
} as const;

const { values, positionals } = parseOptions({
  options: { rates: { type: "string" }, seconds: { type: "string" }, rounds: { type: "string" } },
  allowPositionals: true,
});
const [name = "path"] = positionals;
const subject = Object.hasOwn(subjects, name) ? subjects[name as keyof typeof subjects] : undefined;
if (subject === undefined || positionals.length > 1) {
  console.error(`bench ${positionals.join(" ")}: one of ${Object.keys(subjects).join(", ")}`);
  process.exit(2);
}
const unit = "rounds" in subject ? "rounds" : "seconds";
const each = Number("rounds" in subject ? (values.rounds ?? subject.rounds) : (values.seconds ?? subject.seconds));
const rates = (values.rates ?? subject.rates).split(",").map(Number);
if (![each, ...rates].every((number) => number > 0)) {
  console.error(`--${unit} and --rates take numbers above 0, such as --${unit} 30 --rates 50,500`);
  process.exit(2);
}
const [cpu] = cpus();
console.log(`${cpus().length} × ${cpu?.model ?? "unknown"}, Node ${process.version}, ${each} ${unit} a rate\n`);
await subject.run(rates, each);
