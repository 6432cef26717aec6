/** `countersign audit export`: the log as CSV. Made from the signed records alone, so who has the log can make it again and compare. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tablesOf } from "@countersign/platform";
import { auditFile, orderedLog } from "./audit.ts";
import { type Caller, fromCaller } from "./caller.ts";
import { exitCodes } from "./failure.ts";
import { counted } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";

export interface AuditExportFlags {
  readonly run?: string;
  readonly to?: string;
  readonly check?: boolean;
}

/** Returns the exit code. Of a log that is not in order nothing is made. Throws AuditError for what is no log. */
export function auditExport(file: string | undefined, flags: AuditExportFlags, caller: Caller): number {
  const screen = new Screen(process.stdout);
  const path = auditFile(file, flags, caller);
  const lines = orderedLog(path, screen);
  if (lines === undefined) return exitCodes.failed;
  const folder = flags.to === undefined ? dirname(path) : fromCaller(flags.to, caller);
  const tables = tablesOf(lines);
  if (flags.check === true) return check(folder, tables, screen);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of tables) {
    writeWhole(join(folder, name), text);
    screen.line(`${join(folder, name)}   ${counted(rowsOf(text), "row")}`);
  }
  return exitCodes.ok;
}

/** Each file byte by byte against what the log gives. */
function check(folder: string, tables: ReadonlyMap<string, string>, screen: Screen): number {
  let differing = 0;
  for (const [name, text] of tables) {
    const found = readFileSync(join(folder, name));
    const isSame = found.equals(Buffer.from(text));
    if (!isSame) differing++;
    const what = isSame
      ? "is what the log gives"
      : `line ${firstDifference(found.toString("latin1"), text)} is not what the log gives`;
    screen.line(`${join(folder, name)}   ${what}`);
  }
  return differing === 0 ? exitCodes.ok : exitCodes.failed;
}

/** From 1. */
function firstDifference(found: string, expected: string): number {
  const wanted = Buffer.from(expected).toString("latin1");
  let at = 0;
  while (at < found.length && found[at] === wanted[at]) at++;
  return found.slice(0, at).split("\n").length;
}

function rowsOf(csv: string): number {
  return csv.split("\r\n").length - 2;
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.writing`, text);
  renameSync(`${path}.writing`, path);
}
