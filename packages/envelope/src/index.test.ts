import { create } from "@bufbuild/protobuf";
import { KeyPurpose, KeyState, Mode, TypeGrantSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { NOW_MS, quote } from "../test/world.ts";
import * as envelope from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(envelope).sort()).toEqual([
      "CLOCK_SKEW_MS",
      "EnvelopeError",
      "Keyring",
      "Opened",
      "Sealed",
      "TTL_MS_MAX",
      "allows",
      "attach",
      "businessKey",
      "checkAge",
      "checkLink",
      "checkRegistration",
      "checkRights",
      "deriveMsgId",
      "deriveSigner",
      "emptyChain",
      "encodeBody",
      "envelopeFromJson",
      "envelopeToJson",
      "generateSigner",
      "headersOf",
      "hex",
      "importPublicKey",
      "isRevoked",
      "isUuidV7",
      "keyStateCode",
      "keyidOf",
      "keysAsOf",
      "makeGrant",
      "mayDo",
      "nextLink",
      "openCounts",
      "openEnvelope",
      "openPayload",
      "openStored",
      "pae",
      "payloadType",
      "pipelineCodes",
      "readableView",
      "seal",
      "sealBatch",
      "sealCall",
      "sealCount",
      "sha256",
      "signPayload",
      "signerFromSeed",
      "verify",
    ]);
  });

  it("works as the README shows", () => {
    const signer = envelope.generateSigner();
    const keys = new envelope.Keyring();
    const fields = {
      sender: "agent.market",
      person: false,
      purpose: KeyPurpose.ENVELOPE,
      modes: [Mode.PAPER],
      types: [create(TypeGrantSchema, { type: "market.quote", topic: "market.quotes.v1" })],
      validFromMs: 0n,
      validUntilMs: 4_000_000_000_000n,
      state: KeyState.ACTIVE,
    };
    expect(keys.grant(envelope.makeGrant(fields, signer))).toBeUndefined();

    const { bytes } = envelope.seal(quote(), signer);
    const opened = envelope.openEnvelope(bytes, keys);
    if (!opened.ok) throw new Error(opened.text);
    const reading = { keys, topic: "market.quotes.v1", recordKey: "AAPL", mode: Mode.PAPER, nowMs: NOW_MS };
    expect(envelope.checkRights(opened, reading)).toBeUndefined();
    expect(envelope.checkAge(opened.body, { kind: "event", nowMs: NOW_MS })).toBeUndefined();
  });
});
