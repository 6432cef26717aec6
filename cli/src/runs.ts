/** `countersign runs`: what was run here. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cloneFile, findRun, type Report, type RunFacts, readRunFacts, runNumbers } from "@countersign/platform";
import { defaults } from "./demo/defaults.ts";
import { exitCodes } from "./failure.ts";
import { amount } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";

export function runsCommand(): number {
  const runsDir = cloneFile(defaults.runs);
  const screen = new Screen(process.stdout);
  const numbers = existsSync(runsDir) ? runNumbers(runsDir) : [];
  if (numbers.length === 0) screen.line("there is no run yet: ./countersign demo makes one");
  for (const number of numbers) {
    const dir = findRun(runsDir, number);
    screen.line(screen.fit(runLine(number, readRunFacts(dir), readReport(dir))));
  }
  return exitCodes.ok;
}

export function runLine(number: number, facts: RunFacts, { equity, auditHead }: Partial<Report>): string {
  const { from, to, traded, hedge, seed, market, limits } = facts;
  const source = market.kind === "simulated" ? "simulated" : market.files.map(({ path }) => path).join(", ");
  const cover = hedge === null ? "" : `, hedged with ${hedge}`;
  const head = auditHead === undefined ? "—" : `${auditHead.slice(0, 8)}…`;
  return `${String(number).padStart(4)}  ${from} → ${to}  ${traded.join(", ")}${cover}  equity ${amount(equity ?? null)}  audit head ${head}  seed ${seed}, limits ${limits.name}, ${source}`;
}

function readReport(dir: string): Partial<Report> {
  return JSON.parse(readFileSync(join(dir, "report.json"), "utf8"));
}
