/**
 * The doors of the pipeline, in their order: decode → verify → key allowed for sender, type, topic → (seen before? in decider.ts, because
 * the stored outcome is the answer) → age → rate limit. What passes is a message an agent may decide upon.
 */
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { callSpec, type Mode, schemaOf, topicSpec } from "@countersign/contracts";
import {
  checkAge,
  checkRights,
  type Headers,
  type Keys,
  type Opened,
  openEnvelope,
  type Refusal,
} from "@countersign/envelope";
import type { DoorTimes } from "./probe.ts";

export interface Delivery {
  readonly bytes: Uint8Array;
  /** A topic or a call. */
  readonly topic: string;
  readonly recordKey: string | undefined;
  readonly headers: Headers | undefined;
}

export interface Admitted {
  readonly ok: true;
  readonly opened: Opened;
  readonly payload: Message;
}

export interface PipelineRefusal {
  readonly ok: false;
  readonly code: string;
  readonly place: string;
}

/**
 * Decoded, verified and allowed. Pure but for the cache of what this process has verified.
 * @param doors told of each door behind it, for whoever measures
 */
export function admit(
  delivery: Delivery,
  keys: Keys,
  mode: Mode,
  nowMs: number,
  doors?: DoorTimes,
): Admitted | PipelineRefusal {
  const opened = openEnvelope(delivery.bytes, keys);
  doors?.passed("verify");
  if (!opened.ok) return opened;
  const { topic, recordKey, headers } = delivery;
  const refusal = checkRights(opened, { keys, topic, recordKey, headers, mode, nowMs });
  doors?.passed("allowed");
  if (refusal !== undefined) return refusal;
  const payload = payloadOf(opened);
  doors?.passed("decode");
  if (payload === undefined) return { ok: false, code: "PAYLOAD_MALFORMED", place: "pipeline" };
  const known = (opened as Remembered)[ADMITTED];
  if (known !== undefined) return known;
  const admitted = { ok: true, opened, payload } as const;
  (opened as Remembered)[ADMITTED] = admitted;
  return admitted;
}

/** Too old or too early to be acted on; undefined for what has no age. */
export function ageOf(opened: Opened, nowMs: number): Refusal | undefined {
  const { topic } = opened.body;
  const ages = topicSpec(topic)?.kind === "command" || callSpec(topic)?.ages === true;
  return checkAge(opened.body, { kind: ages ? "command" : "event", nowMs });
}

/** One decoding per process, as one verification: the message stays with the envelope it came in. */
export function payloadOf(opened: Opened): Message | undefined {
  const known = (opened as Remembered)[PAYLOAD];
  if (known !== undefined) return known;
  const schema = schemaOf(opened.body.type);
  if (schema === undefined) return undefined;
  try {
    const payload = fromBinary(schema, opened.body.payload);
    (opened as Remembered)[PAYLOAD] = payload;
    return payload;
  } catch {
    return undefined;
  }
}

/** Kept with the envelope, for all readers of the process; what depends on the reader, its rights, is checked by each. */
const ADMITTED = Symbol("admitted");
const PAYLOAD = Symbol("payload");
type Remembered = Opened & { [ADMITTED]?: Admitted; [PAYLOAD]?: Message };
