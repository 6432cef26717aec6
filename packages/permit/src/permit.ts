/** A permit: Policy's signature over one use of one intent. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PermitSchema, type Signed } from "@countersign/contracts";
import { type Signer, sha256, signPayload } from "@countersign/envelope";

export interface Permit {
  /** `intentDigest` of the intent's bytes. */
  readonly intentDigest: Uint8Array;
  readonly permitId: string;
  /** SHA-256 of the limits that were judged by, 32 bytes. */
  readonly policyVersion: Uint8Array;
  /** Of the fence when it was issued: another epoch voids it. */
  readonly haltEpoch: bigint;
  /** Decision time, ms: refused from then on. */
  readonly expiresAtMs: number;
  /** The requests whose signed approvals travel with it. */
  readonly approvalIds: readonly string[];
}

/** D, the digest that permits and approvals sign: SHA-256 of the intent's bytes as its proposer wrote them. 32 bytes. */
export function intentDigest(intentBytes: Uint8Array): Uint8Array {
  return sha256(intentBytes);
}

/** The signer's key has to be granted to Policy for permits. */
export function issuePermit(permit: Permit, signer: Signer): Signed {
  const fields = { ...permit, approvalIds: [...permit.approvalIds], expiresAtMs: BigInt(permit.expiresAtMs) };
  return signPayload("permit", toBinary(PermitSchema, create(PermitSchema, fields)), signer);
}

/** The permit in the signed bytes, or undefined when they are none or a field is missing. Never throws. */
export function readPermit(payload: Uint8Array): Permit | undefined {
  const permit = decoded(payload);
  if (permit === undefined) return undefined;
  const { intentDigest, permitId, policyVersion, haltEpoch, expiresAtMs, approvalIds } = permit;
  if (intentDigest?.length !== 32 || policyVersion?.length !== 32 || !permitId) return undefined;
  if (haltEpoch === undefined || expiresAtMs === undefined) return undefined;
  return { intentDigest, permitId, policyVersion, haltEpoch, expiresAtMs: Number(expiresAtMs), approvalIds };
}

function decoded(payload: Uint8Array) {
  try {
    return fromBinary(PermitSchema, payload);
  } catch {
    return undefined;
  }
}
