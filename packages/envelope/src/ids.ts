/** Ids that follow from the facts, so that a run can be repeated and a repetition be recognised. */
import { createHash, hash } from "node:crypto";
import { EnvelopeError } from "./error.ts";

export interface MsgIdFacts {
  /** The cause's time; a root's: the event's; a timer's: when it was due. ms since 1970 UTC, below 2^48. */
  readonly timeMs: number;
  readonly sender: string;
  /** msg_id of the cause; a root's: a name of the event it states. */
  readonly causationId: string;
  /** Which of the effects of that cause. */
  readonly effectIndex: number;
}

/**
 * A UUIDv7 (RFC 9562 §5.7) whose time is given and whose 74 random bits are the first of SHA-256(sender ‖ 0 ‖ causation ‖ 0 ‖
 * effect index, in decimal). Throws `BAD_ID`.
 */
export function deriveMsgId({ timeMs, sender, causationId, effectIndex }: MsgIdFacts): string {
  if (!(Number.isInteger(timeMs) && timeMs >= 0 && timeMs < 2 ** 48)) {
    throw new EnvelopeError("BAD_ID", `no time of a UUIDv7: ${timeMs}`);
  }
  if (!Number.isSafeInteger(effectIndex) || effectIndex < 0 || `${sender}${causationId}`.includes("\0")) {
    throw new EnvelopeError("BAD_ID", "effects count from 0, and names have no zero byte");
  }
  const random = BigInt(`0x${hash("sha256", `${sender}\0${causationId}\0${effectIndex}`, "hex").slice(0, 20)}`) >> 6n;
  const time = timeMs.toString(16).padStart(12, "0");
  const randA = (random >> 62n).toString(16).padStart(3, "0");
  const randB = ((random & ((1n << 62n) - 1n)) | (1n << 63n)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randA}-${randB.slice(0, 4)}-${randB.slice(4)}`;
}

/** In the canonical lower-case form, with version 7 and the variant of RFC 9562. */
export function isUuidV7(text: string): boolean {
  return uuidV7.test(text);
}

/**
 * Hex SHA-256, all 64 digits, over each part with its length in bytes before it (uint32, big-endian), so that no two lists of
 * parts make one key. For intent keys, op ids and claims: they are kept for ever, so nothing is cut off.
 */
export function businessKey(...parts: readonly string[]): string {
  const digest = createHash("sha256");
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  }
  return digest.digest("hex");
}

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
