/** Ed25519 keys. node:crypto is the one signer and the one verifier of the platform (see registration.ts for why). */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify as verifyEd25519,
} from "node:crypto";
import { EnvelopeError } from "./error.ts";

/** Signs at once, so that a decision and its signature are one step. A key in hardware fits as well as one in memory. */
export interface Signer {
  readonly keyid: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, the same for the same message. */
  sign(message: Uint8Array): Uint8Array;
}

/** A public key, imported once: importing costs as much as verifying. */
export interface PublicKey {
  readonly keyid: string;
  /** 32 bytes. */
  readonly raw: Uint8Array;
  readonly keyObject: KeyObject;
}

/** From the 32 bytes that RFC 8032 calls the private key. Throws `BAD_SEED`. */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== 32) throw new EnvelopeError("BAD_SEED", `a seed has 32 bytes, this one ${seed.length}`);
  return signerFrom(createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" }));
}

/** The signer of one role in a replay: HMAC-SHA-256(seed, label) is its seed. Throws `BAD_SEED`. */
export function deriveSigner(seed: Uint8Array, label: string): Signer {
  if (seed.length !== 32) throw new EnvelopeError("BAD_SEED", `a seed has 32 bytes, this one ${seed.length}`);
  return signerFromSeed(createHmac("sha256", seed).update(`countersign/signer/v1/${label}`).digest());
}

/** A new key from the system's randomness, for every mode but replay. */
export function generateSigner(): Signer {
  return signerFrom(generateKeyPairSync("ed25519").privateKey);
}

/** Throws `BAD_PUBLIC_KEY`. Says nothing about whether the key is a good one: registration does. */
export function importPublicKey(raw: Uint8Array): PublicKey {
  if (raw.length !== 32) throw new EnvelopeError("BAD_PUBLIC_KEY", `a key has 32 bytes, this one ${raw.length}`);
  const key = Buffer.concat([spkiPrefix, raw]);
  return {
    keyid: keyidOf(raw),
    raw: Uint8Array.from(raw),
    keyObject: createPublicKey({ key, format: "der", type: "spki" }),
  };
}

/** Does the signature verify? `false` when not; throws TypeError when an argument is not what it has to be. */
export function verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (!(message instanceof Uint8Array && signature instanceof Uint8Array)) throw new TypeError("bytes expected");
  // Libraries differ in what they do with a longer signature; ours never sees one.
  return signature.length === 64 && verifyEd25519(null, message, key.keyObject, signature);
}

/** base64url(SHA-256("ed25519" ‖ raw key)): a hint to find the key by, never a proof. */
export function keyidOf(raw: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from("ed25519"), raw]), "base64url");
}

function signerFrom(privateKey: KeyObject): Signer {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = Uint8Array.from(spki.subarray(spkiPrefix.length));
  return {
    keyid: keyidOf(publicKey),
    publicKey,
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

// RFC 8410 §7 and §4: everything of the two DER forms but the key's own 32 bytes.
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
