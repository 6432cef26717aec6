/** Statements that travel inside messages: permits, approvals, votes, resume statements. One key, one purpose. */
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { KeyPurpose, type Mode, type Signed, SignedSchema } from "@countersign/contracts";
import { pae, payloadType } from "./dsse.ts";
import { type KeyRecord, type Keys, keyStateCode } from "./keyring.ts";
import { type PublicKey, type Signer, verify } from "./keys.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** The purpose a key needs for each kind. A person's key approves, resumes, grants and changes: all are that person's word. */
const purposes = {
  permit: KeyPurpose.PERMIT,
  approval: KeyPurpose.APPROVAL,
  resume: KeyPurpose.APPROVAL,
  key: KeyPurpose.APPROVAL,
  change: KeyPurpose.APPROVAL,
  vote: KeyPurpose.VOTE,
} as const;

export type PayloadKind = keyof typeof purposes;

export interface OpenedPayload {
  readonly ok: true;
  /** The signed bytes: a serialised Permit, Approval, ResumeStatement, KeyStatement, ChangeStatement or Vote. */
  readonly payload: Uint8Array;
  /** Whose word it is. */
  readonly key: KeyRecord;
}

/** Where a statement is being read. */
export interface PayloadReading {
  readonly keys: Keys;
  readonly mode: Mode;
  /** Decision time, ms. A statement has no signing time that could be believed: its key has to be good now. */
  readonly nowMs: number;
}

/** A statement under its own signature; its type keeps it from passing for another kind. */
export function signPayload(kind: PayloadKind, payload: Uint8Array, signer: Signer): Signed {
  const type = payloadType(kind, "v1");
  const signatures = [{ keyid: signer.keyid, sig: signer.sign(pae(type, payload)) }];
  return create(SignedSchema, { payloadType: type, payload, signatures });
}

/** The payload, when its signature holds and its key is granted for this kind. Never throws. */
export function openPayload(signed: Signed, kind: PayloadKind, reading: PayloadReading): OpenedPayload | Refusal {
  const { payload, signatures, inclusion, attached } = signed;
  if (payload === undefined || inclusion !== undefined || attached.length > 0) return refuse("MALFORMED");
  const [signature, ...more] = signatures;
  if (signature === undefined || more.length > 0) return refuse("SIGNATURE_COUNT");
  const { keyid, sig } = signature;
  if (keyid === undefined || sig === undefined) return refuse("MALFORMED");
  const type = payloadType(kind, "v1");
  if (signed.payloadType !== type) return refuse("WRONG_PAYLOAD_TYPE");
  const key = reading.keys.find(keyid);
  if (key === undefined) return refuse("UNKNOWN_KEY");
  if (!holds(key.publicKey, pae(type, payload), sig)) return refuse("BAD_SIGNATURE"); // P07.payload-signature
  const wrongState = keyStateCode(key, reading.nowMs, reading.nowMs);
  if (wrongState !== undefined) return refuse(wrongState); // P07.payload-keystate
  if (key.purpose !== purposes[kind]) return refuse("WRONG_PURPOSE"); // P07.payload-purpose
  if (!key.modes.has(reading.mode)) return refuse("WRONG_MODE"); // P07.payload-mode
  return { ok: true, payload, key };
}

/** Whether it was refused because its key was taken away. */
export function isRevoked(read: OpenedPayload | Refusal): boolean {
  return !read.ok && (read.code === "KEY_REVOKED" || read.code === "KEY_COMPROMISED");
}

/**
 * A statement travels in many records, a vote in every copy of its entry: its signature is verified once, what may depend on the reader each
 * time. Only what holds is kept, under the digest of key, statement and signature, so nobody can push it out with forgeries.
 */
function holds(key: PublicKey, statement: Uint8Array, sig: Uint8Array): boolean {
  const name = createHash("sha256").update(key.raw).update(sig).update(statement).digest("base64");
  if (sig.length === SIGNATURE_BYTES && held.has(name)) return true;
  if (!verify(key, statement, sig)) return false;
  const [oldest] = held;
  if (oldest !== undefined && held.size === HELD_MAX) held.delete(oldest);
  held.add(name);
  return true;
}

/** In order of arrival, so the first is the oldest. */
const held = new Set<string>();
const HELD_MAX = 4096;
const SIGNATURE_BYTES = 64;
