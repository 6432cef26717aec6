import { hash } from "node:crypto";

/** SHA-256. It leaves OpenSSL as a latin1 string, one byte a character: half the time of a Buffer made there. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(hash("sha256", bytes, "latin1"), "latin1"));
}

/** A digest as it is written: lower case. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
