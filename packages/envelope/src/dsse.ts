/**
 * Pre-Authentication Encoding of DSSE 1.0.2 (github.com/secure-systems-lab/dsse, protocol.md): what is signed.
 * `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`; lengths are of bytes, in decimal.
 */
export function pae(type: string, body: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `;
  const headBytes = Buffer.byteLength(head);
  // From Buffer's pool: a fresh array of this size costs more than the hash of it.
  const out = Buffer.allocUnsafe(headBytes + body.length);
  out.write(head, 0, headBytes, "utf8");
  out.set(body, headBytes);
  return out;
}

/** `application/vnd.countersign.<kind>.<version>+protobuf`. Kinds of messages have a dot, those of payloads have none. */
export function payloadType(kind: string, version: string): string {
  return `application/vnd.countersign.${kind}.${version}+protobuf`;
}
