import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BodySchema, SignedSchema } from "@countersign/contracts";
import { batchTree } from "@countersign/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { command, flip, keyringOf, market, opened, quote, refusalOf, signerOf } from "../test/world.ts";
import { type EnvelopeBody, encodeBody } from "./body.ts";
import { sha256 } from "./digest.ts";
import { pae, payloadType } from "./dsse.ts";
import { importPublicKey, verify } from "./keys.ts";
import { openCounts, openEnvelope } from "./open.ts";
import { encodeOuter } from "./outer.ts";
import { signPayload } from "./payload.ts";
import { pipelineCodes } from "./refusal.ts";
import { attach, seal, sealBatch } from "./seal.ts";
import { treeHeadPae } from "./tree-head.ts";

const keyring = keyringOf([market]);
const batchOf = (size: number) => Array.from({ length: size }, (_, index) => quote({ seq: BigInt(index + 1) }));

/** An envelope over any bytes that claim to be a body, honestly signed. */
function sealedBytes(payload: Uint8Array, type = payloadType("market.quote", "v1"), signer = market): Uint8Array {
  const signatures = [{ keyid: signer.keyid, sig: signer.sign(pae(type, payload)) }];
  return encodeOuter({ payloadType: type, payload, signatures, attached: [] });
}

describe("a sealed body", () => {
  it("opens with the same fields, bytes and digest", () => {
    const sealed = seal(command({ key: "kontö" }), market);
    const result = opened(sealed.bytes, keyring);
    expect(result.body).toEqual(sealed.body);
    expect(result.bodyBytes).toEqual(sealed.bodyBytes);
    expect(result.digest).toEqual(sha256(sealed.bodyBytes));
    expect(sealed.digest).toEqual(result.digest);
    expect(result.keyid).toBe(market.keyid);
  });

  it("is a DSSE envelope that any reader of Signed can verify", () => {
    const signed = fromBinary(SignedSchema, seal(quote(), market).bytes);
    const message = pae("application/vnd.countersign.market.quote.v1+protobuf", signed.payload ?? new Uint8Array());
    const [signature] = signed.signatures;
    expect(verify(importPublicKey(market.publicKey), message, signature?.sig ?? new Uint8Array())).toBe(true);
    expect(fromBinary(BodySchema, signed.payload ?? new Uint8Array())).toEqual(create(BodySchema, quote()));
  });

  it("is refused with any byte flipped, anywhere", () => {
    const { bytes } = seal(command(), market);
    for (let at = 0; at < bytes.length; at++)
      expect(refusalOf(flip(bytes, at, 1 << (at % 8)), keyring)).not.toBe("opened");
  });

  it("is refused cut short or with a byte more", () => {
    const { bytes } = seal(quote(), market);
    for (let end = 0; end < bytes.length; end++) expect(refusalOf(bytes.subarray(0, end), keyring)).not.toBe("opened");
    expect(refusalOf(Buffer.concat([bytes, Buffer.of(0)]), keyring)).toBe("MALFORMED");
  });
});

describe("a batch", () => {
  it.each([1, 2, 3, 5, 8, 13, 64, 100])("of %i opens whole, each body its own", (size) => {
    const bodies = batchOf(size);
    const batch = sealBatch(bodies, market);
    expect(batch.map(({ bytes }) => opened(bytes, keyring).body)).toEqual(bodies);
  });

  it("of none is none", () => {
    expect(sealBatch([], market)).toEqual([]);
  });

  it("costs one verification", () => {
    const batch = sealBatch(
      batchOf(40).map((body) => ({ ...body, intent: "count" })),
      market,
    );
    const before = openCounts();
    for (const { bytes } of batch) opened(bytes, keyring);
    const after = openCounts();
    expect([after.opened - before.opened, after.verified - before.verified]).toEqual([40, 1]);
  });

  it("is signed once, over uint64 big-endian size ‖ root of RFC 6962, under a type of its own", () => {
    const batch = sealBatch(batchOf(3), market);
    const leaves = batch.map(({ bodyBytes }) => pae("application/vnd.countersign.market.quote.v1+protobuf", bodyBytes));
    const { root } = batchTree(leaves);
    const head = pae(
      "application/vnd.countersign.batch.v1+treehead",
      Buffer.concat([Buffer.from("0000000000000003", "hex"), root]),
    );
    expect(treeHeadPae(3, root)).toEqual(head);
    for (const { bytes } of batch) expect(opened(bytes, keyring).signature).toEqual(market.sign(head));
  });

  it("is refused with any byte flipped, anywhere, also when its head is known", () => {
    const batch = sealBatch(batchOf(11), market);
    for (const { bytes } of batch) opened(bytes, keyring);
    for (const { bytes } of [batch[0], batch[6], batch[10]].filter((sealed) => sealed !== undefined)) {
      for (let at = 0; at < bytes.length; at++)
        expect(refusalOf(flip(bytes, at, 1 << (at % 8)), keyring)).not.toBe("opened");
    }
  });

  it("does not lend its path or its head to another body", () => {
    const [mine, other] = sealBatch(batchOf(2), market).map(({ bytes }) => fromBinary(SignedSchema, bytes));
    if (mine === undefined || other === undefined) throw new Error("two were sealed");
    expect(refusalOf(toBinary(SignedSchema, other), keyring)).toBe("opened");
    expect(refusalOf(toBinary(SignedSchema, { ...other, payload: mine.payload }), keyring)).toBe("BAD_SIGNATURE");
    expect(
      refusalOf(toBinary(SignedSchema, { ...mine, signatures: other.signatures, inclusion: other.inclusion }), keyring),
    ).toBe("BAD_SIGNATURE");
  });
});

describe("opening", () => {
  it("verifies the same array once, and an equal array again", () => {
    const { bytes } = seal(quote({ intent: "once" }), market);
    const before = openCounts().verified;
    const first = openEnvelope(bytes, keyring);
    expect(openEnvelope(bytes, keyring)).toBe(first);
    expect(openCounts().verified - before).toBe(1);
    expect(openEnvelope(Uint8Array.from(bytes), keyring)).not.toBe(first);
    expect(openCounts().verified - before).toBe(2);
  });

  it("remembers no refusal: a key that is granted later opens the same bytes", () => {
    const { bytes } = seal(quote({ sender: "agent.late" }), signerOf("agent.late"));
    expect(refusalOf(bytes, keyring)).toBe("UNKNOWN_KEY");
    expect(opened(bytes, keyringOf([signerOf("agent.late")])).body.sender).toBe("agent.late");
  });

  it("refuses a signature of another length, of another key, or over another type", () => {
    const payload = encodeBody(quote());
    const type = payloadType("market.quote", "v1");
    const withSig = (sig: Uint8Array) =>
      encodeOuter({ payloadType: type, payload, signatures: [{ keyid: market.keyid, sig }], attached: [] });
    const sig = market.sign(pae(type, payload));
    expect(refusalOf(withSig(sig), keyring)).toBe("opened");
    expect(refusalOf(withSig(Buffer.concat([sig, Buffer.of(0)])), keyring)).toBe("BAD_SIGNATURE");
    expect(refusalOf(withSig(signerOf("thief").sign(pae(type, payload))), keyring)).toBe("BAD_SIGNATURE");
    expect(refusalOf(withSig(market.sign(pae(payloadType("permit", "v1"), payload))), keyring)).toBe("BAD_SIGNATURE");
    expect(refusalOf(sealedBytes(payload, payloadType("market.quote", "v2")), keyring)).toBe("WRONG_PAYLOAD_TYPE");
    expect(refusalOf(sealedBytes(payload, payloadType("market.trade", "v1")), keyring)).toBe("WRONG_PAYLOAD_TYPE");
  });

  it("refuses none or two signatures", () => {
    const outer = { payloadType: "x", payload: encodeBody(quote()), attached: [] };
    const signature = { keyid: market.keyid, sig: market.sign(pae("x", outer.payload)) };
    expect(refusalOf(encodeOuter({ ...outer, signatures: [] }), keyring)).toBe("SIGNATURE_COUNT");
    expect(refusalOf(encodeOuter({ ...outer, signatures: [signature, signature] }), keyring)).toBe("SIGNATURE_COUNT");
  });

  it("refuses signed bytes that are no body", () => {
    expect(refusalOf(sealedBytes(Buffer.from("hello")), keyring)).toBe("BODY_MALFORMED");
  });

  const incomplete: [string, Partial<EnvelopeBody>][] = [
    ["msgId that is no UUIDv7", { msgId: "018bcfe5-6800-4b00-8b00-0123456789ab" }],
    ["type", { type: "" }],
    ["version", { version: "" }],
    ["correlationId", { correlationId: "" }],
    ["sender", { sender: "" }],
    ["topic", { topic: "" }],
    ["time that a date can have", { sentAtMs: 8_640_000_000_000_001n }],
    ["prev of 32 bytes", { prev: new Uint8Array(31) }],
  ];
  it.each(incomplete)("refuses a body without a %s", (_, fields) => {
    expect(refusalOf(sealedBytes(encodeBody(quote(fields))), keyring)).toBe("BODY_INCOMPLETE");
  });

  it("refuses a body that lacks any one field but seq and prev", () => {
    const { $typeName: _, ...whole } = create(BodySchema, quote());
    const fields = BodySchema.fields.map((field) => field.localName).filter((name) => name !== "prev");
    expect(fields).toHaveLength(14);
    for (const field of fields) {
      const payload = toBinary(BodySchema, create(BodySchema, { ...whole, [field]: undefined }));
      const code = field === "seq" ? "WRONG_CHAIN_FIELDS" : "BODY_INCOMPLETE";
      expect(refusalOf(sealedBytes(payload), keyring)).toBe(code);
    }
  });

  const chains: [string, Partial<EnvelopeBody>, string][] = [
    ["a quote without seq", quote({ seq: undefined }), "WRONG_CHAIN_FIELDS"],
    ["a quote with seq 0", quote({ seq: 0n }), "WRONG_CHAIN_FIELDS"],
    ["a quote with prev", quote({ prev: new Uint8Array(32) }), "WRONG_CHAIN_FIELDS"],
    ["a record without prev", command({ prev: undefined }), "WRONG_CHAIN_FIELDS"],
    ["a record without seq", command({ seq: undefined }), "WRONG_CHAIN_FIELDS"],
    ["a call with seq", command({ topic: "PolicyService.Validate", prev: undefined }), "WRONG_CHAIN_FIELDS"],
    ["a call with neither", command({ topic: "PolicyService.Validate", prev: undefined, seq: undefined }), "opened"],
    ["an unknown topic", quote({ topic: "market.quotes.v9" }), "UNKNOWN_TOPIC"],
  ];
  it.each(chains)("%s: %3$s", (_, fields, code) => {
    expect(refusalOf(seal(quote(fields), market).bytes, keyring)).toBe(code);
  });

  it("never throws, whatever 10,000 mutated envelopes contain", () => {
    const seeds = [
      seal(quote(), market).bytes,
      sealBatch(batchOf(7), market)[5]?.bytes ?? new Uint8Array(),
      attach(seal(command(), market).bytes, [signPayload("vote", new Uint8Array(9), market)]),
    ];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("set", "insert", "delete")), {
      maxLength: 4,
    });
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), edits, (bytes, changes) => {
        const mutated = [...bytes];
        for (const [at, value, kind] of changes) {
          const index = at % (mutated.length + 1);
          if (kind === "insert") mutated.splice(index, 0, value);
          else if (kind === "delete") mutated.splice(index, 1);
          else mutated[index] = value;
        }
        const result = openEnvelope(Uint8Array.from(mutated), keyring);
        if (result.ok) return;
        refused++;
        expect(pipelineCodes).toContain(result.code);
        expect(result.place).toBe("pipeline");
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(5000);
  });
});

describe("what is attached", () => {
  const vote = signPayload("vote", new Uint8Array([1, 2, 3]), signerOf("validator-1"));

  it("travels beside the signature, which holds as before", () => {
    const { bytes, digest } = seal(quote(), market);
    const result = opened(attach(bytes, [vote, vote]), keyring);
    expect(result.attached).toEqual([vote, vote]);
    expect(result.digest).toEqual(digest);
  });

  it("refuses the envelope when it cannot be decoded", () => {
    expect(refusalOf(Buffer.concat([seal(quote(), market).bytes, Buffer.from("2a020aff", "hex")]), keyring)).toBe(
      "MALFORMED",
    );
  });
});
