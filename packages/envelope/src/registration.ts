/**
 * What a key has to show before the control log grants it anything.
 *
 * Ed25519 verifiers disagree about keys and signatures with a small-order part (eprint.iacr.org/2020/1244, "Taming the many
 * EdDSAs"), OpenSSL with itself between versions, and to some the identity is a key, under which one signature verifies for every
 * message. Such keys are kept out here, once, with noble; after that node:crypto alone decides, everywhere.
 */
import { clone, toBinary } from "@bufbuild/protobuf";
import { type KeyGrant, KeyGrantSchema, KeyPurpose, KeyState, Mode } from "@countersign/contracts";
import { Point } from "@noble/ed25519";
import { pae, payloadType } from "./dsse.ts";
import { importPublicKey, keyidOf, type Signer, verify } from "./keys.ts";

/**
 * - `INCOMPLETE_GRANT`: a field is missing, unspecified, or does not fit the purpose
 * - `WRONG_KEYID`: the keyid is not the key's
 * - `NOT_A_POINT`: the key is not 32 bytes, or no point of the curve
 * - `NON_CANONICAL_KEY`: the key is another spelling of its point
 * - `SMALL_ORDER_KEY`: one of the eight points that sign anything
 * - `TORSION_KEY`: the point has a small-order part: verifiers would disagree about it
 * - `UNPROVEN_KEY`: `proof` is not this key's signature over this grant
 */
export type RegistrationCode =
  | "INCOMPLETE_GRANT"
  | "WRONG_KEYID"
  | "NOT_A_POINT"
  | "NON_CANONICAL_KEY"
  | "SMALL_ORDER_KEY"
  | "TORSION_KEY"
  | "UNPROVEN_KEY";

/** The first thing wrong with a grant, or undefined. Never throws. */
export function checkRegistration(grant: KeyGrant): RegistrationCode | undefined {
  if (!isComplete(grant)) return "INCOMPLETE_GRANT";
  const raw = grant.publicKey;
  if (grant.keyid !== keyidOf(raw)) return "WRONG_KEYID";
  const point = decodePoint(raw);
  if (point === undefined) return "NOT_A_POINT";
  if (Buffer.compare(point.toBytes(), raw) !== 0) return "NON_CANONICAL_KEY";
  if (point.isSmallOrder()) return "SMALL_ORDER_KEY";
  if (!point.isTorsionFree()) return "TORSION_KEY";
  if (!verify(importPublicKey(raw), provenBytes(grant), grant.proof)) return "UNPROVEN_KEY";
  return undefined;
}

/** What the holder of a key asks for; keyid, key and proof come from the signer. */
export type GrantFields = Pick<
  KeyGrant,
  "sender" | "person" | "purpose" | "modes" | "types" | "validFromMs" | "validUntilMs" | "state"
>;

/** The grant of a signer's key, with its proof of possession. */
export function makeGrant(fields: GrantFields, signer: Signer): KeyGrant {
  const grant: KeyGrant = {
    $typeName: KeyGrantSchema.typeName,
    ...fields,
    keyid: signer.keyid,
    publicKey: signer.publicKey,
  };
  return { ...grant, proof: signer.sign(provenBytes(grant)) };
}

/**
 * The proof covers who the key is and what it may do. Not its state and reason: others change those, when the holder may be
 * gone or be a thief.
 */
function provenBytes(grant: KeyGrant): Uint8Array {
  const proven = clone(KeyGrantSchema, grant);
  proven.proof = undefined;
  proven.state = undefined;
  proven.reason = undefined;
  return pae(payloadType("key-grant", "v1"), toBinary(KeyGrantSchema, proven));
}

type CompleteGrant = KeyGrant & {
  readonly [Field in "keyid" | "sender"]: string;
} & { readonly [Field in "publicKey" | "proof"]: Uint8Array } & {
  readonly [Field in "validFromMs" | "validUntilMs"]: bigint;
};

function isComplete(grant: KeyGrant): grant is CompleteGrant {
  const { keyid, publicKey, sender, person, purpose, modes, types, validFromMs, validUntilMs, state, proof } = grant;
  if (keyid === undefined || publicKey === undefined || proof === undefined) return false;
  if (sender === undefined || sender === "" || person === undefined) return false;
  if (purpose === undefined || !isSpecified(KeyPurpose, purpose)) return false;
  if (modes.length === 0 || !modes.every((mode) => isSpecified(Mode, mode))) return false;
  // Only envelopes have types; and a key that may say nothing is a mistake.
  if ((purpose === KeyPurpose.ENVELOPE) !== types.length > 0) return false;
  if (types.some(({ type, topic }) => type === undefined || type === "" || topic === undefined || topic === ""))
    return false;
  if (validFromMs === undefined || validUntilMs === undefined || validFromMs >= validUntilMs) return false;
  return state !== undefined && isSpecified(KeyState, state);
}

/** Value 0 is unspecified, and a number that this version does not know is no better. */
function isSpecified(values: Readonly<Record<string, number>>, value: number): boolean {
  return value !== 0 && Object.values(values).includes(value);
}

/** ZIP-215 decoding also takes the other spellings, so that they can be named. */
function decodePoint(raw: Uint8Array): Point | undefined {
  if (raw.length !== 32) return undefined;
  try {
    return Point.fromBytes(raw, true);
  } catch {
    return undefined;
  }
}
