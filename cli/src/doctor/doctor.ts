/** `countersign doctor`: what is missing, with the cure. The exit code carries the verdict. */
import { examine, type Finding, standingInTheWay } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { findingLine, verdictLine } from "./lines.ts";

export interface DoctorFlags {
  readonly dir?: string;
  readonly json?: boolean;
}

/** 0 when all that is needed is there, 1 when something needed is not. */
export async function doctor(flags: DoctorFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  const findings: Finding[] = [];
  const options = { dir: clusterDir(flags, caller), isNamed: flags.dir !== undefined, env: caller.env };
  for await (const finding of examine(options)) {
    findings.push(finding);
    if (flags.json !== true) screen.line(findingLine(finding, screen.style));
  }
  const isWell = standingInTheWay(findings).length === 0;
  screen.line(flags.json === true ? JSON.stringify({ ok: isWell, findings }, null, 2) : verdictLine(findings));
  return isWell ? exitCodes.ok : exitCodes.failed;
}
