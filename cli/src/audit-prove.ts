/** `countersign audit prove`: a record's place in the log, or that the log has only grown, for somebody who has neither log nor program. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { auditLines, formatConsistency, formatProof, proveConsistency, proveInclusion } from "@countersign/audit";
import { InputError } from "@countersign/platform";
import { auditFile } from "./audit.ts";
import { type Caller, fromCaller } from "./caller.ts";
import { exitCodes } from "./failure.ts";
import { Screen } from "./terminal/screen.ts";
import { count } from "./why.ts";

export interface AuditProveFlags {
  readonly run?: string;
  readonly file?: string;
  readonly since?: string;
  readonly to?: string;
}

/** `which`: a msg_id, or a place in the log from 0. Writes the proof, and the record itself, which is the leaf. Throws AuditError. */
export function auditProve(which: string | undefined, flags: AuditProveFlags, caller: Caller): number {
  if (which === undefined && flags.since === undefined)
    throw new InputError(
      "BAD_OPTION",
      "name a record, by msg_id or place, or --since a size: `countersign audit prove 7`",
    );
  const lines = [...auditLines(readFileSync(auditFile(flags.file, flags, caller)))];
  const files = [
    ...(flags.since === undefined ? [] : growth(lines, count("--since", flags.since))),
    ...(which === undefined ? [] : place(lines, which)),
  ];
  const screen = new Screen(process.stdout);
  for (const { name, content, what } of files) {
    const path = join(fromCaller(flags.to ?? ".", caller), name);
    writeFileSync(path, content);
    screen.line(`${path}   ${what}`);
  }
  return exitCodes.ok;
}

function growth(lines: readonly string[], since: number) {
  const proof = proveConsistency(lines, since);
  const name = `${proof.firstSize}-${proof.size}.consistency`;
  return [
    { name, content: formatConsistency(proof), what: `the first ${since} of ${proof.size} records are still those` },
  ];
}

function place(lines: readonly string[], which: string) {
  const proof = proveInclusion(lines, /^\d+$/.test(which) ? { index: Number(which) } : { msgId: which });
  const { index, size, bodyBytes } = proof;
  return [
    { name: `${index}.tlog-proof`, content: formatProof(proof), what: `record ${index} of ${size}` },
    { name: `${index}.record`, content: bodyBytes, what: "the record: the proof is of its bytes" },
  ];
}
