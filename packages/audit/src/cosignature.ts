/**
 * Cosignatures (c2sp.org/tlog-cosignature, cosignature/v1): who has one says when he saw the checkpoint, and that its tree is consistent
 * with every other that he has cosigned. Below the note: 8 bytes of time, then an Ed25519 signature over a header, the time and the text.
 */
import { type PublicKey, type Signer, verify } from "@countersign/envelope";

/** `timeS`: seconds since 1970. 72 bytes. */
export function cosign(text: string, timeS: number, signer: Signer): Uint8Array {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(timeS));
  return Buffer.concat([time, signer.sign(message(text, BigInt(timeS)))]);
}

/** Does it verify, at the time that it says itself? Never throws. */
export function verifyCosignature(key: PublicKey, text: string, cosignature: Uint8Array): boolean {
  if (cosignature.length !== TIME_BYTES + 64) return false;
  const time = Buffer.from(cosignature).readBigUInt64BE();
  return verify(key, message(text, time), cosignature.subarray(TIME_BYTES));
}

const TIME_BYTES = 8;

function message(text: string, timeS: bigint): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`);
}
