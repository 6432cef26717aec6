/** What travels is the envelope as its sender sealed it: gRPC is handed bytes and hands on bytes, and no codec sees them. */

export function toWire(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A plain Uint8Array, because a Buffer's `slice` shares memory where everybody else's copies. */
export function fromWire(message: Buffer): Uint8Array {
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
}
