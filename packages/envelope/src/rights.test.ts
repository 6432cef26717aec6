import { KeyPurpose, KeyState, Mode } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { command, grantFields, keyringOf, market, NOW_MS, opened, quote, signerOf } from "../test/world.ts";
import { checkAge } from "./age.ts";
import type { EnvelopeBody } from "./body.ts";
import { headersOf } from "./headers.ts";
import { Keyring } from "./keyring.ts";
import { makeGrant } from "./registration.ts";
import { checkRights, type Reading } from "./rights.ts";
import { seal } from "./seal.ts";

const keyring = keyringOf([market]);

/** The code of the refusal of a quote read as it was published, but for what is given. */
function rights(reading: Partial<Reading> = {}, body: EnvelopeBody = quote()): string | undefined {
  const delivered = opened(seal(body, market).bytes, keyring);
  const as = { keys: keyring, topic: "market.quotes.v1", recordKey: "AAPL", mode: Mode.REPLAY, nowMs: NOW_MS };
  return checkRights(delivered, { ...as, headers: headersOf(body), ...reading })?.code;
}

describe("checkRights", () => {
  it("lets pass what is granted, delivered where it was signed for", () => {
    expect(rights()).toBeUndefined();
    expect(rights({ recordKey: undefined, headers: undefined })).toBeUndefined();
  });

  it("refuses another topic, record key, mode", () => {
    expect(rights({ topic: "market.trades.v1" })).toBe("WRONG_TOPIC");
    expect(rights({ recordKey: "MSFT" })).toBe("WRONG_RECORD_KEY");
    expect(rights({ mode: Mode.LIVE })).toBe("WRONG_MODE");
  });

  it.each(["ce_id", "ce_type", "ce_source", "ce_time"])("refuses a %s that is no copy, and takes none", (name) => {
    const headers = headersOf(quote());
    expect(rights({ headers: { ...headers, [name]: "x" } })).toBe("WRONG_HEADER");
    expect(rights({ headers: { ...headers, [name]: "" } })).toBe("WRONG_HEADER");
    expect(rights({ headers: { ...headers, [name]: undefined } })).toBeUndefined();
  });

  it("does not compare traceparent, which each hop writes anew", () => {
    expect(rights({ headers: { ...headersOf(quote()), traceparent: "00-1-2-01" } })).toBeUndefined();
  });

  it("refuses a sender that is not the key's, and a type that the key may not say there", () => {
    expect(rights({}, quote({ sender: "agent.policy" }))).toBe("WRONG_SENDER");
    expect(rights({}, quote({ type: "market.trade" }))).toBe("NOT_ALLOWED");
    expect(rights({ topic: "market.trades.v1" }, quote({ topic: "market.trades.v1" }))).toBe("NOT_ALLOWED");
  });

  it("refuses a key of another purpose", () => {
    const keys = keyringOf([market, { purpose: KeyPurpose.PERMIT, types: [] }]);
    expect(rights({ keys })).toBe("WRONG_PURPOSE");
  });

  const states: [string, KeyState, string | undefined, string | undefined][] = [
    ["pending", KeyState.PENDING, undefined, "KEY_PENDING"],
    ["active", KeyState.ACTIVE, undefined, undefined],
    ["verify-only", KeyState.VERIFY_ONLY, undefined, undefined],
    ["superseded", KeyState.REVOKED, "superseded", "KEY_REVOKED"],
    ["compromised", KeyState.REVOKED, "compromised", "KEY_COMPROMISED"],
  ];
  it.each(states)("of a key that is %s: %4$s", (_, state, reason, code) => {
    const keys = new Keyring();
    expect(keys.grant({ ...makeGrant(grantFields({ state }), market), reason })).toBeUndefined();
    expect(rights({ keys })).toBe(code);
  });

  it("refuses a key that this reader's keyring does not have, though another has opened the bytes", () => {
    expect(rights({ keys: new Keyring() })).toBe("UNKNOWN_KEY");
  });

  it("judges a key's beginning by both clocks, its end by the signing time", () => {
    const validFromMs = BigInt(NOW_MS);
    const validUntilMs = BigInt(NOW_MS + 1000);
    const keys = keyringOf([market, { validFromMs, validUntilMs }]);
    const at = (sentAtMs: number, nowMs: number) => rights({ keys, nowMs }, quote({ sentAtMs: BigInt(sentAtMs) }));
    expect(at(NOW_MS, NOW_MS)).toBeUndefined();
    expect(at(NOW_MS - 1, NOW_MS)).toBe("KEY_NOT_YET_VALID");
    expect(at(NOW_MS, NOW_MS - 1)).toBe("KEY_NOT_YET_VALID");
    expect(at(NOW_MS + 999, NOW_MS + 3_600_000)).toBeUndefined();
    expect(at(NOW_MS + 1000, NOW_MS + 1000)).toBe("KEY_EXPIRED");
  });

  it("lets two active keys of one sender speak during a rotation", () => {
    const next = signerOf("agent.market, second key");
    const keys = keyringOf([market], [next]);
    for (const signer of [market, next]) {
      const delivered = opened(seal(quote(), signer).bytes, keys);
      expect(
        checkRights(delivered, { keys, topic: "market.quotes.v1", mode: Mode.PAPER, nowMs: NOW_MS }),
      ).toBeUndefined();
    }
  });

  it("takes a call's name as its topic", () => {
    const call = quote({ type: "policy.validate", topic: "PolicyService.Validate", seq: undefined, key: "" });
    const reading = { topic: "PolicyService.Validate", recordKey: undefined, headers: undefined };
    expect(rights(reading, call)).toBeUndefined();
    expect(rights({ ...reading, topic: "HaltService.Halt" }, call)).toBe("WRONG_TOPIC");
  });
});

describe("checkAge", () => {
  const age = (ageMs: number, kind: "command" | "event", ttlMs = 30_000) =>
    checkAge(command({ ttlMs }), { kind, nowMs: NOW_MS + ageMs })?.code;

  it("refuses a command past its time to live, and one from the future", () => {
    expect(age(30_000, "command")).toBeUndefined();
    expect(age(30_001, "command")).toBe("STALE");
    expect(age(-5_000, "command")).toBeUndefined();
    expect(age(-5_001, "command")).toBe("FUTURE");
    expect(checkAge(command(), { kind: "command", nowMs: NOW_MS - 1, skewMs: 0 })?.code).toBe("FUTURE");
  });

  it("lets no command live longer than five minutes, nor without a time to live", () => {
    expect(age(300_000, "command", 4_000_000_000)).toBeUndefined();
    expect(age(300_001, "command", 4_000_000_000)).toBe("STALE");
    expect(age(1, "command", 0)).toBe("STALE");
  });

  it("never refuses an event", () => {
    for (const ageMs of [-1e12, -5_001, 30_001, 1e12]) expect(age(ageMs, "event")).toBeUndefined();
  });
});
