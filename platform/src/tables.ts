/** An audit log as tables, for spreadsheets and tax forms: the same log gives the same bytes, so nothing in them needs a signature. */
import { logRecords, recordsCsv, taxCsv } from "@countersign/agent-compliance";

/** By file name. `lines`: of an audit.jsonl that was verified. */
export function tablesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map([
    ["records.csv", recordsCsv(logRecords(lines))],
    ["tax.csv", taxCsv(logRecords(lines))],
  ]);
}
