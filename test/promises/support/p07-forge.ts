/** Envelopes as somebody would make them who has keys of his own and no manners. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SignedSchema } from "@countersign/contracts";
import { pae, payloadType, type Signer } from "@countersign/envelope";

/** These bytes, signed as a body of this type. */
export function signedAs(type: string, payload: Uint8Array, signer: Signer): Uint8Array {
  return signedUnder(payloadType(type, "v1"), payload, signer);
}

/** These bytes, signed under any payload type. */
export function signedUnder(declared: string, payload: Uint8Array, signer: Signer): Uint8Array {
  const sig = signer.sign(pae(declared, payload));
  const signatures = [{ keyid: signer.keyid, sig }];
  return toBinary(SignedSchema, create(SignedSchema, { payloadType: declared, payload, signatures }));
}

/** The same envelope with other bytes under its signature. */
export function withPayload(bytes: Uint8Array, payload: Uint8Array): Uint8Array {
  return toBinary(SignedSchema, { ...fromBinary(SignedSchema, bytes), payload });
}

/** The same envelope, signed twice. */
export function signedTwice(bytes: Uint8Array): Uint8Array {
  const signed = fromBinary(SignedSchema, bytes);
  return toBinary(SignedSchema, { ...signed, signatures: [...signed.signatures, ...signed.signatures] });
}
