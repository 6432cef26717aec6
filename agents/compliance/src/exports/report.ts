/** What an audit asks of a log: some of its records, and what they add up to. */
import { type Counts, countRecord, noCounts, type Rates, ratesOf } from "../core/counts.ts";
import { type AuditEvent, codeOf, eventOf, type LogRecord } from "./records.ts";

/** Every field that is given has to hold. */
export interface RecordFilter {
  readonly event?: AuditEvent | undefined;
  readonly sender?: string | undefined;
  /** Of a refusal, or of an order's end. */
  readonly code?: string | undefined;
  /** Decision time, ms: from this on. */
  readonly fromMs?: number | undefined;
  /** … and before this. */
  readonly toMs?: number | undefined;
}

export interface AuditReport extends Counts, Rates {
  readonly records: number;
  readonly byEvent: Readonly<Record<AuditEvent, number>>;
}

export function* selectRecords(records: Iterable<LogRecord>, filter: RecordFilter): Generator<LogRecord> {
  const { event, sender, code, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = filter;
  for (const record of records) {
    if (event !== undefined && eventOf(record) !== event) continue;
    if (sender !== undefined && record.sender !== sender) continue;
    if (code !== undefined && codeOf(record) !== code) continue;
    if (record.sentAtMs >= fromMs && record.sentAtMs < toMs) yield record;
  }
}

/** As Compliance itself counts, of these records alone. */
export function reportOf(records: Iterable<LogRecord>): AuditReport {
  let counts = noCounts;
  let all = 0;
  const byEvent = { proposal: 0, risk_decision: 0, execution: 0, error: 0, system: 0 };
  for (const record of records) {
    counts = countRecord(counts, record);
    byEvent[eventOf(record)]++;
    all++;
  }
  return { ...counts, ...ratesOf(counts), records: all, byEvent };
}
