/** The hand-written codec against the generated one, both ways. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Body, BodySchema, type Signed, SignedSchema } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flip, quote } from "../test/world.ts";
import { decodeBody, type EnvelopeBody, encodeBody, type PartialBody } from "./body.ts";
import { decodeOuter, encodeOuter, type Outer } from "./outer.ts";

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ minLength: 120, maxLength: 140 }),
  fc.constantFrom("", "\ufeffx", "\ufffd", "€".repeat(42), "€".repeat(43), "\ud800", "🙂"),
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Uint8Array.from(array));
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Uint8Array.from(array));
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 127n, 128n, (1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n, (1n << 64n) - 1n),
);
const uint32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 127, 128, 0xffff_ffff));

const bodies: fc.Arbitrary<EnvelopeBody> = fc.record({
  msgId: text,
  type: text,
  version: text,
  correlationId: text,
  causationId: text,
  sentAtMs: uint64,
  ttlMs: uint32,
  sender: text,
  intent: text,
  idempotencyKey: text,
  topic: text,
  key: text,
  seq: fc.option(uint64, { nil: undefined }),
  prev: fc.option(hash, { nil: undefined }),
  payload: bytes,
});

const outers: fc.Arbitrary<Outer> = fc.record({
  payloadType: text,
  payload: bytes,
  signatures: fc.array(fc.record({ keyid: text, sig: bytes }), { maxLength: 3 }),
  inclusion: fc.option(
    fc
      .tuple(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 1000 }), fc.array(hash, { maxLength: 12 }))
      .map(([index, more, path]) => ({ index, size: index + more, path })),
    { nil: undefined },
  ),
  attached: fc.array(
    bytes.map((payload) => toBinary(SignedSchema, create(SignedSchema, { payload }))),
    { maxLength: 2 },
  ),
});

describe("a body", () => {
  it("has the bytes of the generated codec, and is read back the same by both", () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const encoded = encodeBody(body);
        expect(encoded).toEqual(toBinary(BodySchema, create(BodySchema, body)));
        expect(decodeBody(encoded)).toEqual(fieldsOf(fromBinary(BodySchema, encoded)));
      }),
    );
  });

  it("is never read as another than the generated codec reads, whatever the bytes", () => {
    const mutated = fc.tuple(bodies.map(encodeBody), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(mutated.map(mutate), fc.uint8Array()), (encoded) => {
        const body = decodeBody(encoded);
        if (body === undefined) return;
        read++;
        expect(body).toEqual(fieldsOf(fromBinary(BodySchema, encoded)));
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("passes over fields of a later version", () => {
    // Field 16, a varint, and field 17, a string.
    const later = Buffer.concat([encodeBody(quote()), fromHex("8001058a010141")]);
    expect(decodeBody(later)).toEqual(quote());
  });

  it("is refused with a field twice, out of order, or of another wire type", () => {
    const encoded = encodeBody(quote());
    expect(decodeBody(Buffer.concat([encoded, fromHex("7a00")]))).toBeUndefined();
    expect(decodeBody(Buffer.concat([encoded, fromHex("0a0141")]))).toBeUndefined();
    expect(decodeBody(fromHex("0801"))).toBeUndefined();
  });

  it("with a number out of range is not encoded, and leaves nothing behind", () => {
    expect(() => encodeBody(quote({ ttlMs: -1 }))).toThrow(expect.objectContaining({ code: "BAD_BODY" }));
    expect(() => encodeBody(quote({ seq: 1n << 64n }))).toThrow(expect.objectContaining({ code: "BAD_BODY" }));
    expect(encodeBody(quote())).toEqual(toBinary(BodySchema, create(BodySchema, quote())));
  });
});

describe("the outer form", () => {
  it("has the bytes of the generated codec, and is read back the same by both", () => {
    fc.assert(
      fc.property(outers, (outer) => {
        const encoded = encodeOuter(outer);
        expect(encoded).toEqual(toBinary(SignedSchema, signedOf(outer)));
        expect(signedOf(decodeOuter(encoded))).toEqual(fromBinary(SignedSchema, encoded));
      }),
    );
  });

  it("has one form only: what is read is written back byte for byte, by both codecs", () => {
    const mutated = fc.tuple(outers.map(encodeOuter), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(mutated.map(mutate), fc.uint8Array()), (encoded) => {
        const outer = decodeOuter(encoded);
        if (outer === undefined) return;
        read++;
        expect(encodeOuter(outer)).toEqual(Uint8Array.from(encoded));
        // What is attached may be malformed by itself: it is opened later.
        const alone = encodeOuter({ ...outer, attached: [] });
        expect(toBinary(SignedSchema, fromBinary(SignedSchema, alone))).toEqual(alone);
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it.each([
    ["an unknown field", "0a000a"],
    ["an unknown field after the payload", "0a0012003001"],
    ["fields out of order", "12000a00"],
    ["a length of more bytes than needed", "0a80001200"],
    ["a length beyond the end", "0a05"],
    ["two inclusions", "0a001200220408001001220408001001"],
    ["an index outside the tree", "0a001200220408011001"],
    ["a path element of 31 bytes", `0a00120022${(4 + 33).toString(16)}080010011a1f${"00".repeat(31)}`],
    ["text that is no UTF-8", "0a01ff1200"],
    ["a varint of 11 bytes", "ffffffffffffffffffffff01"],
  ])("is refused with %s", (_, hex) => {
    expect(decodeOuter(fromHex("0a001200"))).toBeDefined();
    expect(decodeOuter(fromHex(hex))).toBeUndefined();
  });
});

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** One byte changed, or the end cut off. */
function mutate([encoded, at, cut, mask]: [Uint8Array, number, number, number]): Uint8Array {
  const flipped = flip(encoded, at % encoded.length, mask);
  return cut % 4 === 0 ? flipped.subarray(0, cut % encoded.length) : flipped;
}

function fieldsOf({ $typeName: _, $unknown: __, ...fields }: Body): PartialBody {
  return fields;
}

function signedOf(outer: Outer | undefined): Signed {
  if (outer === undefined) throw new Error("not read");
  const { payloadType, payload, signatures, inclusion, attached } = outer;
  return create(SignedSchema, {
    payloadType,
    payload,
    signatures: [...signatures],
    ...(inclusion && {
      inclusion: { index: BigInt(inclusion.index), size: BigInt(inclusion.size), path: [...inclusion.path] },
    }),
    attached: attached.map((bytes) => fromBinary(SignedSchema, bytes)),
  });
}
