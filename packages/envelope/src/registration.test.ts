import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { type KeyGrant, KeyGrantSchema, KeyPurpose, KeyState, Mode } from "@countersign/contracts";
import * as noble from "@noble/ed25519";
import { describe, expect, it } from "vitest";
import { sha512 } from "../test/sha512.ts";
import { fromHex, grantFields, market, right } from "../test/world.ts";
import { keyidOf } from "./keys.ts";
import { checkRegistration, makeGrant } from "./registration.ts";

noble.hashes.sha512 = sha512;

interface Speccheck {
  cases: { case: number; publicKey: string; registration: string }[];
}
const speccheck: Speccheck = JSON.parse(
  readFileSync(new URL("../test/ed25519-speccheck.json", import.meta.url), "utf8"),
);
const honest = makeGrant(grantFields(), market);

/** A grant for a key that nobody holds, complete but for its proof. */
function grantFor(publicKey: Uint8Array): KeyGrant {
  return { ...honest, publicKey, keyid: keyidOf(publicKey) };
}

describe("checkRegistration", () => {
  it("accepts an honest grant, also read back from the wire", () => {
    expect(checkRegistration(honest)).toBeUndefined();
    expect(checkRegistration(create(KeyGrantSchema, honest))).toBeUndefined();
  });

  it.each(speccheck.cases)("key of speccheck case $case: $registration", ({ publicKey, registration }) => {
    expect(checkRegistration(grantFor(fromHex(publicKey)))).toBe(registration);
  });

  it("keeps out the identity, under which R = B, S = 1 signs every message for verifiers that do not look", () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const signature = new Uint8Array(64);
    signature.set(noble.Point.BASE.toBytes());
    signature[32] = 1;
    for (const message of ["buy", "sell"]) expect(noble.verify(signature, Buffer.from(message), identity)).toBe(true);
    expect(checkRegistration({ ...grantFor(identity), proof: signature })).toBe("SMALL_ORDER_KEY");
  });

  it("names what is no point, and what is another key's id", () => {
    const noPoint = new Uint8Array(32);
    noPoint[0] = 2;
    expect(checkRegistration(grantFor(noPoint))).toBe("NOT_A_POINT");
    expect(checkRegistration(grantFor(new Uint8Array(31)))).toBe("NOT_A_POINT");
    expect(checkRegistration({ ...honest, keyid: keyidOf(new Uint8Array(32)) })).toBe("WRONG_KEYID");
  });

  const altered: [string, Partial<KeyGrant>][] = [
    ["sender", { sender: "agent.policy" }],
    ["person", { person: true }],
    ["purpose", { purpose: KeyPurpose.PERMIT, types: [] }],
    ["modes", { modes: [Mode.REPLAY, Mode.LIVE] }],
    ["types", { types: [right("permit.issued", "risk.policy.v1")] }],
    ["validFromMs", { validFromMs: 0n }],
    ["validUntilMs", { validUntilMs: 9_999_999_999_999n }],
    ["proof", { proof: new Uint8Array(64) }],
  ];
  it.each(altered)("another %s needs another proof", (_, fields) => {
    expect(checkRegistration({ ...honest, ...fields })).toBe("UNPROVEN_KEY");
  });

  it("needs no other proof for another state: others change that", () => {
    expect(checkRegistration({ ...honest, state: KeyState.REVOKED, reason: "compromised" })).toBeUndefined();
  });

  const incomplete: [string, Partial<KeyGrant>][] = [
    ["keyid", { keyid: undefined }],
    ["publicKey", { publicKey: undefined }],
    ["proof", { proof: undefined }],
    ["sender", { sender: "" }],
    ["person", { person: undefined }],
    ["purpose", { purpose: KeyPurpose.UNSPECIFIED }],
    ["purpose of a later version", { purpose: 99 as KeyPurpose }],
    ["modes", { modes: [] }],
    ["modes that mean nothing", { modes: [Mode.PAPER, Mode.UNSPECIFIED] }],
    ["types of an envelope key", { types: [] }],
    ["types of a key that signs no envelopes", { purpose: KeyPurpose.VOTE }],
    ["a type without its topic", { types: [right("market.quote", "")] }],
    ["validFromMs", { validFromMs: undefined }],
    ["a time that ends before it begins", { validUntilMs: 0n }],
    ["state", { state: undefined }],
    ["state of a later version", { state: 99 as KeyState }],
  ];
  it.each(incomplete)("without a good %s it is incomplete", (_, fields) => {
    expect(checkRegistration({ ...honest, ...fields })).toBe("INCOMPLETE_GRANT");
  });
});
