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
  const random = hash("sha256", `${sender}\0${causationId}\0${effectIndex}`, "buffer");
  const id = Buffer.allocUnsafe(16);
  id.writeUIntBE(timeMs, 0, 6);
  // Version 7 and the first 12 bits; then the variant 10 and the next 62, which lie two bits before the digest's bytes.
  id[6] = 0x70 | (random[0]! >> 4);
  id[7] = (random[0]! << 4) | (random[1]! >> 4);
  id[8] = 0x80 | ((random[1]! & 0x0f) << 2) | (random[2]! >> 6);
  for (let at = 9; at < 16; at++) id[at] = (random[at - 7]! << 2) | (random[at - 6]! >> 6);
  const hex = id.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
