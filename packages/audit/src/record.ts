/** A record as the audit log sees it: a place in a chain, and a leaf. */
import { fromBinary } from "@bufbuild/protobuf";
import { SignedSchema } from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import { leafHash } from "@countersign/merkle";
import { AuditError } from "./error.ts";

/** What an opened envelope has; `digest` is SHA-256 of `bodyBytes`. */
export interface BodyOfRecord {
  readonly body: Pick<EnvelopeBody, "sender" | "topic" | "key" | "seq" | "prev">;
  readonly bodyBytes: Uint8Array;
  readonly digest: Uint8Array;
}

/**
 * The leaf rule: SHA-256(0x00 ‖ body), over the bytes that the sender made and signed. Never the signature, and never what is attached
 * (votes), so that a log is the same whoever voted and however long anything took.
 */
export function leafOf({ bodyBytes }: Pick<BodyOfRecord, "bodyBytes">): Uint8Array {
  return leafHash(bodyBytes);
}

/** The signed body's bytes of an envelope whose signature was verified elsewhere. Throws `BAD_RECORD`. */
export function bodyBytesOf(envelope: Uint8Array): Uint8Array {
  let payload: Uint8Array | undefined;
  try {
    payload = fromBinary(SignedSchema, envelope).payload;
  } catch (cause) {
    throw new AuditError("BAD_RECORD", "the bytes are no envelope", { cause });
  }
  if (payload === undefined) throw new AuditError("BAD_RECORD", "an envelope without a body");
  return payload;
}
