import { KeyPurpose, KeyState, Mode } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { flip, keyringOf, market, NOW_MS, signerOf } from "../test/world.ts";
import { openPayload, type PayloadKind, signPayload } from "./payload.ts";

const policy = signerOf("agent.policy");
const ann = signerOf("person.ann");
const validator = signerOf("validator-1");
const keys = keyringOf(
  [market],
  [policy, { sender: "agent.policy", purpose: KeyPurpose.PERMIT, types: [] }],
  [ann, { sender: "person.ann", person: true, purpose: KeyPurpose.APPROVAL, types: [] }],
  [validator, { sender: "validator-1", purpose: KeyPurpose.VOTE, types: [] }],
);
const signers = { permit: policy, approval: ann, resume: ann, key: ann, change: ann, vote: validator };
const kinds: PayloadKind[] = ["permit", "approval", "resume", "key", "change", "vote"];
const payload = Buffer.from("payload");
const reading = { keys, mode: Mode.PAPER, nowMs: NOW_MS };
const permit = signPayload("permit", payload, policy);

function code(...args: Parameters<typeof openPayload>): string {
  const result = openPayload(...args);
  return result.ok ? "opened" : result.code;
}

describe("a signed payload", () => {
  it.each(kinds)("%s: opens with its signer, and passes for no other kind", (kind) => {
    const signed = signPayload(kind, payload, signers[kind]);
    expect(openPayload(signed, kind, reading)).toMatchObject({
      ok: true,
      payload,
      key: { keyid: signers[kind].keyid },
    });
    for (const other of kinds) {
      if (other !== kind) expect(code(signed, other, reading)).toBe("WRONG_PAYLOAD_TYPE");
    }
  });

  it.each(kinds)("%s: is refused from a key of another purpose", (kind) => {
    for (const signer of [market, policy, ann, validator]) {
      const expected = signer === signers[kind] ? "opened" : "WRONG_PURPOSE";
      expect(code(signPayload(kind, payload, signer), kind, reading)).toBe(expected);
    }
  });

  it("is refused when anything of it is another", () => {
    const [signature] = permit.signatures;
    if (signature?.sig === undefined) throw new Error("it is signed");
    expect(code({ ...permit, payload: flip(payload, 0, 1) }, "permit", reading)).toBe("BAD_SIGNATURE");
    expect(code({ ...permit, signatures: [{ ...signature, sig: flip(signature.sig, 9, 4) }] }, "permit", reading)).toBe(
      "BAD_SIGNATURE",
    );
    expect(code({ ...permit, signatures: [{ ...signature, keyid: ann.keyid }] }, "permit", reading)).toBe(
      "BAD_SIGNATURE",
    );
    expect(code({ ...permit, signatures: [{ ...signature, keyid: "nobody" }] }, "permit", reading)).toBe("UNKNOWN_KEY");
    expect(code({ ...permit, signatures: [] }, "permit", reading)).toBe("SIGNATURE_COUNT");
    expect(code({ ...permit, signatures: [signature, signature] }, "permit", reading)).toBe("SIGNATURE_COUNT");
    expect(code({ ...permit, payload: undefined }, "permit", reading)).toBe("MALFORMED");
    expect(code({ ...permit, attached: [permit] }, "permit", reading)).toBe("MALFORMED");
  });

  it("is refused when its key is not good now", () => {
    const of = (state: KeyState) =>
      keyringOf([policy, { sender: "agent.policy", purpose: KeyPurpose.PERMIT, types: [], state }]);
    expect(code(permit, "permit", { ...reading, keys: of(KeyState.PENDING) })).toBe("KEY_PENDING");
    expect(code(permit, "permit", { ...reading, nowMs: NOW_MS + 86_400_000 })).toBe("KEY_EXPIRED");
    expect(code(permit, "permit", { ...reading, nowMs: 0 })).toBe("KEY_NOT_YET_VALID");
    expect(code(permit, "permit", { ...reading, mode: Mode.LIVE })).toBe("WRONG_MODE");
  });
});
