/** What an audit asks of a log, for the command line. */
import {
  type AuditEvent,
  type AuditReport,
  auditEvents,
  codeOf,
  countsInWords,
  eventOf,
  logRecords,
  type RecordFilter,
  reportOf,
  selectRecords,
  textOf,
} from "@countersign/agent-compliance";
import { InputError } from "./inputs.ts";

/** A record in one line. */
export interface ReportedRecord {
  readonly index: number;
  /** ISO 8601. */
  readonly time: string;
  readonly event: AuditEvent;
  readonly sender: string;
  readonly type: string;
  readonly code: string;
  readonly text: string;
}

export { type AuditReport, countsInWords, type RecordFilter };

/** @param lines of an audit.jsonl that was verified */
export function reportAudit(
  lines: readonly string[],
  filter: RecordFilter,
): { readonly records: readonly ReportedRecord[]; readonly report: AuditReport } {
  const selected = [...selectRecords(logRecords(lines), filter)];
  const records = selected.map((record) => ({
    index: record.index,
    time: new Date(record.sentAtMs).toISOString(),
    event: eventOf(record),
    sender: record.sender,
    type: record.type,
    code: codeOf(record),
    text: textOf(record),
  }));
  return { records, report: reportOf(selected) };
}

/** @throws InputError for what is no event of an audit */
export function auditEventNamed(name: string): AuditEvent {
  const event = auditEvents.find((one) => one === name);
  if (event === undefined) throw new InputError("BAD_OPTION", `--event ${name}: take one of ${auditEvents.join(", ")}`);
  return event;
}
