/** An audit.jsonl as records, one row each. The file is verified elsewhere: here it is only read. */
import { fromBinary, type JsonValue, type Message } from "@bufbuild/protobuf";
import { bodyBytesOf } from "@countersign/audit";
import { BodySchema, schemaOf } from "@countersign/contracts";
import { envelopeFromJson } from "@countersign/envelope";
import { type Cell, csvFile } from "./csv.ts";

export interface LogRecord {
  readonly index: number;
  readonly sentAtMs: number;
  readonly sender: string;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly msgId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly payload: Message;
}

/** In the order of the log. `lines`: of a file that was verified. */
export function* logRecords(lines: Iterable<string>): Generator<LogRecord> {
  for (const line of lines) {
    const { index, envelope } = JSON.parse(line) as { index?: number; envelope?: JsonValue };
    if (index === undefined || envelope === undefined) continue;
    const body = fromBinary(BodySchema, bodyBytesOf(envelopeFromJson(envelope)));
    const { sender = "", topic = "", type = "", key = "", msgId = "", correlationId = "", causationId = "" } = body;
    const schema = schemaOf(type);
    if (schema === undefined) throw new Error(`broken invariant: a verified record of the type ${type}`);
    const payload = fromBinary(schema, body.payload ?? new Uint8Array());
    const sentAtMs = Number(body.sentAtMs ?? 0n);
    yield { index, sentAtMs, sender, topic, type, key, msgId, correlationId, causationId, payload };
  }
}

/** What a record is in the words of an audit: an order is proposed, decided upon, executed; something was refused; or the platform itself. */
export function eventOf({ type }: Pick<LogRecord, "type">): AuditEvent {
  return events[type] ?? "system";
}

export const auditEvents = ["proposal", "risk_decision", "execution", "error", "system"] as const;
export type AuditEvent = (typeof auditEvents)[number];

export function recordsCsv(records: Iterable<LogRecord>): string {
  return csvFile(
    [
      "index",
      "time",
      "event",
      "sender",
      "topic",
      "type",
      "key",
      "msg_id",
      "correlation_id",
      "causation_id",
      "code",
      "text",
    ],
    mapped(records, (record): Cell[] => {
      const { index, sentAtMs, sender, topic, type, key, msgId, correlationId, causationId } = record;
      const place = [sender, topic, type, key, msgId, correlationId, causationId];
      const words = [codeOf(record), textOf(record)];
      return [{ number: String(index) }, isoTime(sentAtMs), eventOf(record), ...place, ...words];
    }),
  );
}

export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** What a record says in its own words, whatever it is; "" where it says nothing. */
export function codeOf({ payload }: Pick<LogRecord, "payload">): string {
  return (payload as { readonly code?: string }).code ?? "";
}

export function textOf({ payload }: Pick<LogRecord, "payload">): string {
  const { explanation, reason } = payload as { readonly explanation?: string; readonly reason?: string };
  return explanation ?? reason ?? "";
}

const events: Readonly<Record<string, AuditEvent>> = {
  "market.signal": "proposal",
  "order.intent": "proposal",
  "hedge.placed": "proposal",
  "permit.issued": "risk_decision",
  "order.rejected": "risk_decision",
  "order.escalated": "risk_decision",
  "approval.request": "risk_decision",
  "approval.decision": "risk_decision",
  "order.accepted": "execution",
  "order.reported": "execution",
  "order.filled": "execution",
  "ledger.entry": "execution",
  "decision.refused": "error",
};

function* mapped<T, U>(values: Iterable<T>, map: (value: T) => U): Generator<U> {
  for (const value of values) yield map(value);
}
