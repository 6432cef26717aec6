/**
 * CloudEvents attributes as Kafka headers (CloudEvents 1.0.2, Kafka binding, binary mode). They lie outside the signature: copies
 * for routing, made here and compared here. `traceparent` belongs to each hop and is no copy.
 */
import type { EnvelopeBody } from "./body.ts";

export type Headers = Readonly<Record<string, string | undefined>>;

/** The headers of a record that carries this body. */
export function headersOf(body: EnvelopeBody): Readonly<Record<keyof typeof copies, string>> {
  return {
    ce_id: copies.ce_id(body),
    ce_type: copies.ce_type(body),
    ce_source: copies.ce_source(body),
    ce_time: copies.ce_time(body),
  };
}

/** Does every copy that is there equal its field? A missing copy says nothing wrong. */
export function headersMatch(headers: Headers, body: EnvelopeBody): boolean {
  return Object.entries(copies).every(([name, copy]) => headers[name] === undefined || headers[name] === copy(body));
}

const copies = {
  ce_id: (body: EnvelopeBody) => body.msgId,
  ce_type: (body: EnvelopeBody) => `${body.type}.${body.version}`,
  ce_source: (body: EnvelopeBody) => body.sender,
  ce_time: (body: EnvelopeBody) => new Date(Number(body.sentAtMs)).toISOString(),
};
