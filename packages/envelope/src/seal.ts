/** Sealing: a body becomes the bytes that travel. Sign before storing, once, so that every retry carries the same bytes. */
import { toBinary } from "@bufbuild/protobuf";
import { type Signed, SignedSchema } from "@countersign/contracts";
import { batchTree } from "@countersign/merkle";
import { type EnvelopeBody, encodeBody } from "./body.ts";
import { sha256 } from "./digest.ts";
import { pae, payloadType } from "./dsse.ts";
import type { Signer } from "./keys.ts";
import { encodeOuter } from "./outer.ts";
import { treeHeadPae } from "./tree-head.ts";
import { Writer } from "./wire.ts";

/** A sealed body. Its bytes and fields are never written to again. */
export class Sealed {
  /** The serialised `Signed`: what is stored, published or sent. */
  readonly bytes: Uint8Array;
  readonly body: EnvelopeBody;
  /** What is signed, and a leaf of the audit log. */
  readonly bodyBytes: Uint8Array;
  #digest: Uint8Array | undefined;

  constructor(bytes: Uint8Array, body: EnvelopeBody, bodyBytes: Uint8Array) {
    sealed++;
    this.bytes = bytes;
    this.body = body;
    this.bodyBytes = bodyBytes;
  }

  /** SHA-256 of the body's bytes: the next body's `prev`. Made when asked for: most quotes never are. */
  get digest(): Uint8Array {
    this.#digest ??= sha256(this.bodyBytes);
    return this.#digest;
  }
}

/** One body under its own signature. Throws `BAD_BODY`. */
export function seal(body: EnvelopeBody, signer: Signer): Sealed {
  const payload = encodeBody(body);
  const type = payloadType(body.type, body.version);
  const signatures = [{ keyid: signer.keyid, sig: signer.sign(pae(type, payload)) }];
  return new Sealed(encodeOuter({ payloadType: type, payload, signatures, attached: [] }), body, payload);
}

/** Many bodies under one signature, in their order. Throws `BAD_BODY`. */
export function sealBatch(bodies: readonly EnvelopeBody[], signer: Signer): Sealed[] {
  const [only, ...others] = bodies;
  if (only === undefined) return [];
  if (others.length === 0) return [seal(only, signer)];

  const drafts = bodies.map((body) => ({
    body,
    payload: encodeBody(body),
    payloadType: payloadType(body.type, body.version),
  }));
  const { root, paths } = batchTree(drafts.map((draft) => pae(draft.payloadType, draft.payload)));
  const signatures = [{ keyid: signer.keyid, sig: signer.sign(treeHeadPae(bodies.length, root)) }];
  return drafts.map(({ body, payload, payloadType }, index) => {
    const inclusion = { index, size: bodies.length, path: paths[index] ?? [] };
    return new Sealed(encodeOuter({ payloadType, payload, signatures, inclusion, attached: [] }), body, payload);
  });
}

/** The same envelope, carrying signatures that speak for themselves. Its own signature does not cover them. */
export function attach(bytes: Uint8Array, attached: readonly Signed[]): Uint8Array {
  // `attached` is the last field of Signed: its bytes follow the others'.
  for (const signed of attached) writer.bytes(5, toBinary(SignedSchema, signed));
  return new Uint8Array(Buffer.concat([bytes, writer.finish()]));
}

/** Envelopes sealed since the process began. */
export function sealCount(): number {
  return sealed;
}

let sealed = 0;
const writer = new Writer();
