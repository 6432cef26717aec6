/**
 * What a reader refused, as it lies in `<topic>.<group>.dlq`: value, key and headers as they came, and beside them the headers that say
 * why. That a letter was put back is a record of its own behind it, in the same queue: so single letters can be put back in any order,
 * nothing is deleted, and letter and mark live equally long. A consumer group's committed offset could only say "all up to here".
 */
import type { Delivered, Headers, OutRecord } from "@countersign/bus";

export interface DeadLetter {
  readonly dlq: string;
  readonly offset: bigint;
  /** Where it was read, and belongs. */
  readonly topic: string;
  /** Who refused it. */
  readonly group: string;
  readonly code: string;
  /** Which door refused it, such as `pipeline` or `inbox`; undefined where the reader did not say. */
  readonly place: string | undefined;
  /** `partition/offset` in its topic, where the reader said so. */
  readonly from: string | undefined;
  readonly key: string;
  /** When it was refused, ms, by the broker. */
  readonly atMs: number;
}

/** Headers that the reader adds. Whatever else a record has was there before. */
const WHY = {
  topic: "x-dlq-original-topic",
  code: "x-dlq-error-code",
  place: "x-dlq-error-place",
  partition: "x-dlq-original-partition",
  offset: "x-dlq-original-offset",
} as const;
const REDRIVEN = "x-dlq-redriven";
const ENDING = ".dlq";

export function isDlqName(topic: string): boolean {
  return topic.endsWith(ENDING);
}

/** Undefined for what is no letter of this queue: a mark, or what somebody else has put there. */
export function letterOf(record: Delivered): DeadLetter | undefined {
  const { topic: dlq, offset, timestampMs, key, headers } = record;
  const topic = text(headers, WHY.topic);
  const code = text(headers, WHY.code);
  // The queue's name decides where a letter may go back to: its header must agree.
  if (topic === undefined || code === undefined || !dlq.startsWith(`${topic}.`) || !isDlqName(dlq)) return undefined;
  const group = dlq.slice(topic.length + 1, -ENDING.length);
  const at = [text(headers, WHY.partition), text(headers, WHY.offset)];
  return {
    dlq,
    offset,
    topic,
    group,
    code,
    place: text(headers, WHY.place),
    from: at.includes(undefined) ? undefined : at.join("/"),
    key: Buffer.from(key).toString(),
    atMs: timestampMs,
  };
}

/** The record as it was refused. */
export function originalOf({ key, value, headers }: Delivered, { topic }: DeadLetter): OutRecord {
  const added: ReadonlySet<string> = new Set(Object.values(WHY));
  const kept = Object.entries(headers).filter(([name]) => !added.has(name));
  return { topic, key, value, headers: Object.fromEntries(kept) };
}

export function markOf({ dlq, offset }: DeadLetter): OutRecord {
  const empty = new Uint8Array(0);
  return { topic: dlq, key: empty, value: empty, headers: { [REDRIVEN]: [Buffer.from(String(offset))] } };
}

/** The offset of the letter that this record marks as put back. */
export function markedBy({ headers }: Delivered): bigint | undefined {
  // A refused record may carry a header of this name itself: it is a letter.
  if (headers[WHY.code] !== undefined) return undefined;
  const offset = text(headers, REDRIVEN);
  return offset !== undefined && /^\d{1,19}$/.test(offset) ? BigInt(offset) : undefined;
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name]?.[0];
  return value === undefined ? undefined : Buffer.from(value).toString();
}
