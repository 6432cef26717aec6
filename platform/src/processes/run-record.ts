/** Who runs in a cluster, as its supervisor writes it down at each change: `processes.json`. It goes with a clean end. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOf } from "./identity.ts";

export interface ProcessState {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** When it began to live this time, ISO 8601. */
  readonly since: string | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** As it ended the last time. */
  readonly lastEnd: string | undefined;
}

export interface RunRecord {
  readonly format: 1;
  readonly supervisor: { readonly pid: number; readonly started: string; readonly since: string };
  readonly processes: readonly ProcessState[];
}

/** Undefined when nobody runs this cluster: no record, or one whose supervisor was killed. */
export function readRunRecord(dir: string): RunRecord | undefined {
  let record: RunRecord;
  try {
    record = JSON.parse(readFileSync(fileOf(dir), "utf8"));
  } catch {
    return undefined;
  }
  const { pid, started } = record.supervisor;
  return startOf(pid) === started ? record : undefined;
}

/** Whole or not at all: somebody may be reading. */
export function writeRunRecord(dir: string, record: RunRecord): void {
  const path = fileOf(dir);
  writeFileSync(`${path}.writing`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.writing`, path);
}

export function removeRunRecord(dir: string): void {
  rmSync(fileOf(dir), { force: true });
}

function fileOf(dir: string): string {
  return join(dir, "processes.json");
}
