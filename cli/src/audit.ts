/** `countersign audit verify`: the file alone, offline. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { auditLines, type Verdict, verifyAudit } from "@countersign/audit";
import { cloneFile, findRun } from "@countersign/platform";
import { type Caller, fromCaller } from "./caller.ts";
import { defaults } from "./demo/defaults.ts";
import { exitCodes } from "./failure.ts";
import { counted } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";
import { count } from "./why.ts";

export interface AuditFlags {
  readonly run?: string;
}

/** The log that a command is about: the one that is named, or a run's. */
export function auditFile(file: string | undefined, { run }: AuditFlags, caller: Caller): string {
  if (file !== undefined) return fromCaller(file, caller);
  return join(findRun(cloneFile(defaults.runs), run === undefined ? undefined : count("--run", run)), "audit.jsonl");
}

/** The lines of a log that is in order. Of one that is not, the screen says what is wrong, and there are none. Throws AuditError for what is no log. */
export function orderedLog(path: string, screen: Screen): readonly string[] | undefined {
  const lines = [...auditLines(readFileSync(path))];
  const verdict = verifyAudit(lines);
  if (verdict.ok) return lines;
  for (const line of verdictLines(path, verdict)) screen.line(line);
  return undefined;
}

/** Returns the exit code: a file in which anything is wrong has failed. Throws AuditError for what is no such file. */
export function auditVerify(file: string | undefined, flags: AuditFlags, caller: Caller): number {
  const path = auditFile(file, flags, caller);
  const verdict = verifyAudit(auditLines(readFileSync(path)));
  const screen = new Screen(process.stdout);
  for (const line of verdictLines(path, verdict)) screen.line(line);
  return verdict.ok ? exitCodes.ok : exitCodes.failed;
}

function verdictLines(path: string, verdict: Verdict): readonly string[] {
  const { ok, findings, records, chains, root, genesisDigest, checkpoints } = verdict;
  const found = findings.slice(0, FINDINGS_SHOWN).map(({ code, text }) => `${code}  ${text}`);
  const more =
    findings.length > FINDINGS_SHOWN ? [`and ${counted(findings.length - FINDINGS_SHOWN, "finding")} more`] : [];
  const last = checkpoints.at(-1);
  return [
    path,
    ...found,
    ...more,
    `${ok ? "in order" : `FAILED  ${counted(findings.length, "finding")}`}: ${counted(records, "record")} in ${counted(chains, "chain")}, ${ok ? "every signature, vote, chain and checkpoint checked" : "not to be relied upon"}`,
    `audit head   ${Buffer.from(root).toString("hex")}`,
    `genesis      ${genesisDigest ?? "—"}   compare it with the one you know: whoever forges a whole platform forges its genesis too`,
    `checkpoint   ${last === undefined ? "—" : `of ${counted(last.size, "record")}, signed by ${last.key}`}`,
    `cosigned by  ${last?.cosigners.map(({ validator }) => validator).join(", ") || "—"}`,
  ];
}

const FINDINGS_SHOWN = 20;
