/** The README shows the default run: its heads are those that the code makes today, on memory stores as on PostgreSQL. */
import { readFileSync } from "node:fs";
import { buildReport, cloneFile } from "@countersign/platform";
import { expect, it } from "vitest";
import { defaults } from "../cli/src/demo/defaults.ts";
import { runDayInMemory } from "./support/day.ts";

it("shows the heads, the equity and the counts of the default run", async () => {
  const readme = readFileSync(cloneFile("README.md"), "utf8");
  const { from, to, intruderAfterFills } = defaults;
  const report = await runDayInMemory({ from, to, config: { intruderAfterFills } }, (result) =>
    buildReport(result, ["AAPL"]),
  );
  const { auditHead, ledgerHead, equity, intents, permits, orders, intruder } = report;
  expect(readme).toContain(`audit head ${auditHead.slice(0, 8)}…`);
  expect(readme).toContain(`ledger head ${ledgerHead.slice(0, 8)}…`);
  expect(readme).toContain(`equity ${Number(equity).toLocaleString("en-US", { minimumFractionDigits: 2 })} = deposits`);
  expect(readme).toContain(`${intents} intents: ${permits} permitted`);
  expect(readme).toContain(`${orders} orders`);
  expect(readme).toContain(`${intruder.tried} attempts with Portfolio's stolen key: ${intruder.refused} refused`);
}, 60_000);
