/** Prints the heads of a run as JSON: run in a process of its own, elsewhere. */
import { buildReport } from "@countersign/platform";
import { runDayInMemory } from "./day.ts";

const [from = "", to = ""] = process.argv.slice(2);
await runDayInMemory({ from, to }, async (result) => {
  const { auditHead, ledgerHead } = await buildReport(result, ["AAPL"]);
  process.stdout.write(JSON.stringify({ auditHead, ledgerHead }));
});
