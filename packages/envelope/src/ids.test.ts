import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { businessKey, deriveMsgId, isUuidV7 } from "./ids.ts";

const facts = fc.record({
  timeMs: fc.nat({ max: 2 ** 48 - 1 }),
  sender: fc.string({ unit: "grapheme-ascii" }),
  causationId: fc.uuid(),
  effectIndex: fc.nat(),
});

describe("deriveMsgId", () => {
  it("is a UUIDv7 that holds its time and the first 74 bits of the hash", () => {
    fc.assert(
      fc.property(facts, (fact) => {
        const id = deriveMsgId(fact);
        expect(isUuidV7(id)).toBe(true);
        const bits = [...Buffer.from(id.replaceAll("-", ""), "hex")]
          .map((byte) => byte.toString(2).padStart(8, "0"))
          .join("");
        expect(Number.parseInt(bits.slice(0, 48), 2)).toBe(fact.timeMs);
        const hash = createHash("sha256").update(`${fact.sender}\0${fact.causationId}\0${fact.effectIndex}`).digest();
        const hashBits = [...hash].map((byte) => byte.toString(2).padStart(8, "0")).join("");
        expect(bits.slice(52, 64) + bits.slice(66)).toBe(hashBits.slice(0, 74));
      }),
    );
  });

  it("is the same for ever", () => {
    const fact = { timeMs: 1_700_000_000_000, sender: "agent.signal", causationId: "cause", effectIndex: 3 };
    expect(deriveMsgId(fact)).toBe(deriveMsgId({ ...fact }));
    expect(deriveMsgId({ ...fact, effectIndex: 4 })).not.toBe(deriveMsgId(fact));
  });

  it.each([{ timeMs: -1 }, { timeMs: 2 ** 48 }, { timeMs: 0.5 }, { effectIndex: -1 }, { sender: "a\0b" }])(
    "throws on %o",
    (wrong) => {
      const fact = { timeMs: 0, sender: "s", causationId: "c", effectIndex: 0, ...wrong };
      expect(() => deriveMsgId(fact)).toThrow(expect.objectContaining({ code: "BAD_ID" }));
    },
  );
});

describe("isUuidV7", () => {
  it("refuses other versions, variants and spellings", () => {
    expect(isUuidV7("018bcfe5-6800-7b00-8b00-0123456789ab")).toBe(true);
    expect(isUuidV7("018bcfe5-6800-4b00-8b00-0123456789ab")).toBe(false);
    expect(isUuidV7("018bcfe5-6800-7b00-cb00-0123456789ab")).toBe(false);
    expect(isUuidV7("018BCFE5-6800-7B00-8B00-0123456789AB")).toBe(false);
    expect(isUuidV7("018bcfe5-6800-7b00-8b00-0123456789ab\n")).toBe(false);
  });
});

describe("businessKey", () => {
  it("is SHA-256 over length-prefixed parts", () => {
    const expected = createHash("sha256").update(Buffer.from("00000002c3a400000001620000000063".slice(0, -2), "hex"));
    expect(businessKey("ä", "b", "")).toBe(expected.digest("hex"));
  });

  it("differs whenever the parts do, wherever they are cut", () => {
    const parts = fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(businessKey(...a) === businessKey(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(businessKey("ab", "c")).not.toBe(businessKey("a", "bc"));
  });
});
