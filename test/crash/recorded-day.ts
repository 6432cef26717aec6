/** A day of quotes that a model made from the seed, written down as a broker would: what the crash test trades where no trace is named. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseInstruments } from "@countersign/orders";
import { cloneFile, simulateDay } from "@countersign/platform";

const START_MS = Date.parse("2024-01-08T00:00:00Z");
/** Before it the views warm up: enough bars of a minute for the slowest estimator. */
export const DAY_BEGINS = "2024-01-08T08:00:00Z";

export function recordDay(dir: string, seed: string): readonly { readonly symbol: string; readonly path: string }[] {
  const instruments = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const lines = new Map<string, string[]>();
  for (const event of simulateDay({ seed: BigInt(seed), startMs: START_MS, instruments })) {
    if (event.kind !== "quote") continue;
    const scale = instruments.get(event.symbol)?.priceScale ?? 0;
    const decimal = (units: number) => (units / 10 ** scale).toFixed(scale);
    const rows = lines.get(event.symbol) ?? ["time,bid,ask"];
    rows.push(`${new Date(event.timeMs).toISOString()},${decimal(event.bid)},${decimal(event.ask)}`);
    lines.set(event.symbol, rows);
  }
  return [...lines].map(([symbol, rows]) => {
    const path = join(dir, `${symbol}.csv`);
    writeFileSync(path, `${rows.join("\n")}\n`);
    return { symbol, path };
  });
}
