import { hash } from "node:crypto";

/** The hash that noble needs to verify by itself. */
export function sha512(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hash("sha512", message, "buffer"));
}
