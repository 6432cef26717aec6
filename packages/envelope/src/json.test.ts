import { create, toBinary } from "@bufbuild/protobuf";
import { QuoteSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { keyringOf, market, opened, quote, refusalOf } from "../test/world.ts";
import { envelopeFromJson, envelopeToJson, readableView } from "./json.ts";
import { signPayload } from "./payload.ts";
import { attach, seal, sealBatch } from "./seal.ts";

const keyring = keyringOf([market]);
const payload = toBinary(QuoteSchema, create(QuoteSchema, { symbol: "AAPL", bidUnits: 9_007_199_254_740_993n }));
const sealed = seal(quote({ payload }), market);
const batched = sealBatch([quote(), quote({ seq: 2n }), quote({ seq: 3n })], market).map(({ bytes }) => bytes);
const attached = attach(sealed.bytes, [signPayload("vote", payload, market)]);

describe("the JSON form", () => {
  it("is DSSE's, with the signed bytes in base64", () => {
    expect(envelopeToJson(sealed.bytes)).toEqual({
      payloadType: "application/vnd.countersign.market.quote.v1+protobuf",
      payload: Buffer.from(sealed.bodyBytes).toString("base64"),
      signatures: [
        { keyid: market.keyid, sig: Buffer.from(opened(sealed.bytes, keyring).signature).toString("base64") },
      ],
    });
  });

  it.each([sealed.bytes, ...batched, attached])("goes to JSON text and back, byte for byte", (bytes) => {
    const text = JSON.stringify(envelopeToJson(bytes));
    expect(envelopeFromJson(JSON.parse(text))).toEqual(bytes);
    expect(refusalOf(envelopeFromJson(JSON.parse(text)), keyring)).toBe("opened");
  });

  it("is read in both base64 alphabets", () => {
    const inAlphabet = (alphabet: "base64" | "base64url") => ({
      payloadType: "application/vnd.countersign.market.quote.v1+protobuf",
      payload: Buffer.from(sealed.bodyBytes).toString(alphabet),
      signatures: [
        { keyid: market.keyid, sig: Buffer.from(opened(sealed.bytes, keyring).signature).toString(alphabet) },
      ],
    });
    expect(inAlphabet("base64")).not.toEqual(inAlphabet("base64url"));
    expect(envelopeFromJson(inAlphabet("base64"))).toEqual(sealed.bytes);
    expect(envelopeFromJson(inAlphabet("base64url"))).toEqual(sealed.bytes);
  });

  it("throws on what is none", () => {
    expect(() => envelopeFromJson({ payload: 3 })).toThrow(expect.objectContaining({ code: "BAD_JSON" }));
    expect(() => envelopeToJson(Buffer.from("no"))).toThrow(expect.objectContaining({ code: "BAD_JSON" }));
  });
});

describe("the readable view", () => {
  it("has exactly the field names of the requirement", () => {
    expect(readableView(opened(sealed.bytes, keyring))).toEqual({
      msg_id: "018bcfe5-6800-7b00-8b00-0123456789ab",
      type: "market.quote",
      version: "v1",
      correlation_id: "018bcfe5-6800-7b00-8b00-0123456789ab",
      causation_id: "",
      ttl_ms: 0,
      sender: "agent.market",
      intent: "QUOTE",
      idempotency_key: "",
      payload: { symbol: "AAPL", bidUnits: "9007199254740993" },
      sig: expect.stringMatching(/^ed25519:[\w-]{86}$/),
    });
  });

  it("throws when the payload is not of its type", () => {
    const nonsense = opened(seal(quote({ payload: Buffer.from("??") }), market).bytes, keyring);
    expect(() => readableView(nonsense)).toThrow(expect.objectContaining({ code: "UNREADABLE_PAYLOAD" }));
  });
});
