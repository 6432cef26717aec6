import { readFileSync } from "node:fs";
import * as noble from "@noble/ed25519";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha512 } from "../test/sha512.ts";
import { flip, fromHex } from "../test/world.ts";
import { deriveSigner, generateSigner, importPublicKey, keyidOf, signerFromSeed, verify } from "./keys.ts";

noble.hashes.sha512 = sha512;

interface Rfc8032 {
  cases: { name: string; seed: string; publicKey: string; message: string; signature: string }[];
}
interface Speccheck {
  cases: { case: number; message: string; publicKey: string; signature: string; verifies: boolean }[];
}

const rfc8032: Rfc8032 = JSON.parse(readFileSync(new URL("../test/rfc8032.json", import.meta.url), "utf8"));
const speccheck: Speccheck = JSON.parse(
  readFileSync(new URL("../test/ed25519-speccheck.json", import.meta.url), "utf8"),
);

describe("RFC 8032, section 7.1", () => {
  it.each(rfc8032.cases)("$name: key, signature and verification", ({ seed, publicKey, message, signature }) => {
    const signer = signerFromSeed(fromHex(seed));
    expect(signer.publicKey).toEqual(fromHex(publicKey));
    expect(signer.sign(fromHex(message))).toEqual(fromHex(signature));
    expect(verify(importPublicKey(fromHex(publicKey)), fromHex(message), fromHex(signature))).toBe(true);
  });
});

// A Node whose verifier answers otherwise fails here, before two validators can disagree about a signature.
describe("ed25519-speccheck: the verifier's answers are the known ones", () => {
  it.each(speccheck.cases)("case $case: $verifies", ({ message, publicKey, signature, verifies }) => {
    expect(verify(importPublicKey(fromHex(publicKey)), fromHex(message), fromHex(signature))).toBe(verifies);
  });
});

describe("verify", () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(9));
  const key = importPublicKey(signer.publicKey);
  const message = Buffer.from("sell 3 AAPL");
  const signature = signer.sign(message);

  it("is false for a signature of another length", () => {
    for (const length of [0, 32, 63]) expect(verify(key, message, signature.subarray(0, length))).toBe(false);
    expect(verify(key, message, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
  });

  it("throws when it is not given bytes", () => {
    // @ts-expect-error: what a caller without types could do
    expect(() => verify(key, "sell 3 AAPL", signature)).toThrow(TypeError);
  });

  it("agrees with noble about honest keys, whatever the message and whichever bit is flipped", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(63), fc.nat(7), (text, at, bit) => {
        const honest = signer.sign(text);
        expect(noble.verify(honest, text, signer.publicKey, { zip215: false })).toBe(true);
        expect(verify(key, text, honest)).toBe(true);
        const forged = flip(honest, at, 1 << bit);
        expect(verify(key, text, forged)).toBe(noble.verify(forged, text, signer.publicKey, { zip215: false }));
      }),
      { numRuns: 25 },
    );
  });
});

describe("signers", () => {
  const seed = new Uint8Array(32).fill(3);

  it("derived from one seed are the same for the same label and differ for another", () => {
    expect(deriveSigner(seed, "agent.policy").keyid).toBe(deriveSigner(seed, "agent.policy").keyid);
    expect(deriveSigner(seed, "agent.policy").keyid).not.toBe(deriveSigner(seed, "agent.market").keyid);
    expect(deriveSigner(seed, "agent.policy").keyid).not.toBe(signerFromSeed(seed).keyid);
  });

  it("generated ones differ", () => {
    expect(generateSigner().keyid).not.toBe(generateSigner().keyid);
  });

  it("have the keyid of their public key: 43 characters of base64url", () => {
    const signer = signerFromSeed(seed);
    expect(signer.keyid).toBe(keyidOf(signer.publicKey));
    expect(signer.keyid).toMatch(/^[\w-]{43}$/);
  });

  it("refuse seeds and keys that are not 32 bytes", () => {
    const code = (run: () => unknown) => expect(run).toThrow(expect.objectContaining({ name: "EnvelopeError" }));
    code(() => signerFromSeed(seed.subarray(1)));
    code(() => deriveSigner(seed.subarray(1), "a"));
    code(() => importPublicKey(new Uint8Array(33)));
  });
});
