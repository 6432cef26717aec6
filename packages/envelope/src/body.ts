/** The signed part of every message and call, in bytes. */
import { type Body, callSpec, topicSpec } from "@countersign/contracts";
import { EnvelopeError } from "./error.ts";
import { isUuidV7 } from "./ids.ts";
import { LEN, type Reader, readOrUndefined, VARINT, Writer } from "./wire.ts";

/**
 * A `Body` in which nothing is missing: the generated type with its fields present. `msgId` is a UUIDv7; type, version,
 * correlation id, sender and topic are never empty; a root has the empty causation id.
 */
export interface EnvelopeBody {
  readonly msgId: string;
  readonly type: string;
  readonly version: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** Decision time, ms since 1970 UTC. */
  readonly sentAtMs: bigint;
  readonly ttlMs: number;
  readonly sender: string;
  readonly intent: string;
  readonly idempotencyKey: string;
  /** A topic, or the name of a call. */
  readonly topic: string;
  readonly key: string;
  /** From 1, per (sender, topic, key). Messages have it, calls do not. */
  readonly seq?: bigint | undefined;
  /** 32 bytes: the digest of the body before. `record` messages have it, nothing else. */
  readonly prev?: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** What may have been read of a body before it is known to be complete. */
export type PartialBody = { [Field in keyof EnvelopeBody]?: EnvelopeBody[Field] | undefined };

/** Always the same bytes for the same body: a body's digest is known before it is sealed. Throws `BAD_BODY`. */
export function encodeBody(body: EnvelopeBody): Uint8Array {
  try {
    writer.string(1, body.msgId);
    writer.string(2, body.type);
    writer.string(3, body.version);
    writer.string(4, body.correlationId);
    writer.string(5, body.causationId);
    writer.uint64(6, body.sentAtMs);
    writer.uint32(7, body.ttlMs);
    writer.string(8, body.sender);
    writer.string(9, body.intent);
    writer.string(10, body.idempotencyKey);
    writer.string(11, body.topic);
    writer.string(12, body.key);
    if (body.seq !== undefined) writer.uint64(13, body.seq);
    if (body.prev !== undefined) writer.bytes(14, body.prev);
    writer.bytes(15, body.payload);
    return writer.finish();
  } catch (cause) {
    writer.reset();
    throw new EnvelopeError("BAD_BODY", `cannot encode the body ${body.msgId}`, { cause });
  }
}

/**
 * Undefined when the bytes are no body in the form that encoders write: fields in order, each once. Fields of a later version
 * are passed over: the bytes are signed as they are and never encoded again. Payload and prev are views of the bytes.
 */
export function decodeBody(bytes: Uint8Array): PartialBody | undefined {
  return readOrUndefined(bytes, readBody);
}

/** Are all fields there and in their range? */
export function isComplete(body: PartialBody): body is EnvelopeBody {
  const { msgId, type, version, correlationId, causationId, sentAtMs, sender, topic, prev } = body;
  if (msgId === undefined || !isUuidV7(msgId) || causationId === undefined) return false;
  if (!type || !version || !correlationId || !sender || !topic) return false;
  if (sentAtMs === undefined || sentAtMs > DATE_MS_MAX) return false;
  if (body.ttlMs === undefined || body.intent === undefined || body.idempotencyKey === undefined) return false;
  if (prev !== undefined && prev.length !== 32) return false;
  return body.key !== undefined && body.payload !== undefined;
}

/** Has the body the seq and prev of its topic's delivery class? Undefined when the catalogue does not know the topic. */
export function chainFits(body: EnvelopeBody): boolean | undefined {
  const topic = topicSpec(body.topic);
  if (topic === undefined && callSpec(body.topic) === undefined) return undefined;
  const seqExpected = topic !== undefined;
  const prevExpected = topic?.delivery === "record";
  return (body.seq !== undefined && body.seq > 0n) === seqExpected && (body.prev !== undefined) === prevExpected;
}

// The generated type and this one name the same fields; the compiler compares them here.
type SameFields = keyof EnvelopeBody extends keyof Body ? true : never;
const _sameFields: SameFields = true;

/** The last millisecond that a date can have (ECMA-262, time values). */
const DATE_MS_MAX = 8_640_000_000_000_000n;

const writer = new Writer();

function readBody(reader: Reader): PartialBody {
  const body: { -readonly [Field in keyof PartialBody]: PartialBody[Field] } = {};
  let last = 0;
  while (!reader.done) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if (field <= last) reader.fail();
    last = field;
    switch (tag) {
      case 1 * 8 + LEN:
        body.msgId = reader.string();
        break;
      case 2 * 8 + LEN:
        body.type = reader.string();
        break;
      case 3 * 8 + LEN:
        body.version = reader.string();
        break;
      case 4 * 8 + LEN:
        body.correlationId = reader.string();
        break;
      case 5 * 8 + LEN:
        body.causationId = reader.string();
        break;
      case 6 * 8 + VARINT:
        body.sentAtMs = reader.uint64();
        break;
      case 7 * 8 + VARINT:
        body.ttlMs = reader.uint32();
        break;
      case 8 * 8 + LEN:
        body.sender = reader.string();
        break;
      case 9 * 8 + LEN:
        body.intent = reader.string();
        break;
      case 10 * 8 + LEN:
        body.idempotencyKey = reader.string();
        break;
      case 11 * 8 + LEN:
        body.topic = reader.string();
        break;
      case 12 * 8 + LEN:
        body.key = reader.string();
        break;
      case 13 * 8 + VARINT:
        body.seq = reader.uint64();
        break;
      case 14 * 8 + LEN:
        body.prev = reader.bytes();
        break;
      case 15 * 8 + LEN:
        body.payload = reader.bytes();
        break;
      default:
        if (field <= 15) reader.fail();
        reader.skip(tag & 7);
    }
  }
  return body;
}
