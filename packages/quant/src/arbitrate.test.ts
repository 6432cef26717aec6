import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitrate, type Candidate } from "./arbitrate.ts";
import type { Opinion } from "./opinion.ts";

const opinion = (change: Partial<Opinion> = {}): Opinion => ({
  direction: 1,
  confidence: 0.6,
  expectedReturn: 0.02,
  horizonMs: 60_000,
  features: { z: 1.5 },
  because: "The test says so.",
  ...change,
});
const candidate = (strategy: string, change: Partial<Opinion> = {}, rest: Partial<Candidate> = {}): Candidate => ({
  strategy,
  weight: 1,
  liquidity: 1,
  opinion: opinion(change),
  ...rest,
});
const refusalOf = (c: Candidate) => {
  const { winner, scores } = arbitrate([c]);
  return winner === undefined && scores[0] && "refusal" in scores[0] ? scores[0].refusal : undefined;
};

describe("scores", () => {
  it("are weight × confidence × expected return × liquidity, and the highest wins", () => {
    const { winner, scores } = arbitrate([
      candidate("b", { confidence: 0.5, expectedReturn: 0.04 }, { weight: 2, liquidity: 0.5 }),
      candidate("a", { confidence: 0.9, expectedReturn: 0.02 }),
    ]);
    expect(scores.map((s) => "score" in s && s.score)).toEqual([0.9 * 0.02, 2 * 0.5 * 0.04 * 0.5]);
    expect(winner?.strategy).toBe("b");
  });

  it("liquidity counts for no less than a hundredth", () => {
    const score = (liquidity: number) => arbitrate([candidate("a", {}, { liquidity })]).scores[0];
    expect(score(0)).toMatchObject({ score: 0.6 * 0.02 * 0.01 });
    expect(score(0.02)).toMatchObject({ score: 0.6 * 0.02 * 0.02 });
  });

  it("a tie goes to the name that comes first", () => {
    expect(arbitrate([candidate("b"), candidate("a"), candidate("c")]).winner?.strategy).toBe("a");
  });

  it("the order of the candidates does not matter", () => {
    const some = fc.record({
      direction: fc.constantFrom(-1, 0, 0.5),
      confidence: fc.constantFrom(0.3, 0.4, 0.9),
      expectedReturn: fc.constantFrom(0, 0.01, 0.02),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 6 }), fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (os, keys) => {
        const candidates = os.map((o, i) => candidate(`s${i}`, o));
        const shuffled = candidates
          .map((c, i) => ({ c, key: keys[i]! }))
          .sort((x, y) => x.key - y.key)
          .map(({ c }) => c);
        expect(arbitrate(shuffled)).toStrictEqual(arbitrate(candidates));
      }),
    );
  });

  it("nobody speaks, nobody wins; nobody speaks twice", () => {
    expect(arbitrate([])).toEqual({ winner: undefined, scores: [] });
    expect(() => arbitrate([candidate("a"), candidate("a")])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
});

describe("flat", () => {
  it("wins when nobody has a better idea, and not otherwise", () => {
    const flat = candidate("flat", { direction: 0, expectedReturn: 0, confidence: 1 });
    expect(arbitrate([flat]).winner?.strategy).toBe("flat");
    expect(arbitrate([flat, candidate("a", { confidence: 0.39 })]).winner?.strategy).toBe("flat");
    expect(arbitrate([flat, candidate("z", { expectedReturn: 1e-9 })]).winner?.strategy).toBe("z");
  });

  it("gains nothing by expecting something", () => {
    const flat = candidate("flat", { direction: 0, expectedReturn: 0.5, confidence: 1 });
    expect(arbitrate([flat, candidate("z", { expectedReturn: 1e-9 })]).winner?.strategy).toBe("z");
  });
});

describe("refusals", () => {
  it("confidence below .40, exactly", () => {
    expect(refusalOf(candidate("a", { confidence: 0.4 }))).toBeUndefined();
    expect(refusalOf(candidate("a", { confidence: 0.4 - Number.EPSILON }))).toEqual({
      reason: "LOW_CONFIDENCE",
      field: "confidence",
    });
  });

  it("a side without an edge", () => {
    expect(refusalOf(candidate("a", { expectedReturn: 0 }))).toEqual({ reason: "NO_EDGE", field: "expectedReturn" });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d anywhere", (x) => {
    for (const field of ["direction", "confidence", "expectedReturn", "horizonMs"] as const) {
      expect(refusalOf(candidate("a", { [field]: x }))).toEqual({ reason: "NOT_FINITE", field });
    }
    expect(refusalOf(candidate("a", { features: { z: 1, rsi: x } }))).toEqual({
      reason: "NOT_FINITE",
      field: "features.rsi",
    });
    expect(refusalOf(candidate("a", {}, { weight: x }))).toEqual({ reason: "NOT_FINITE", field: "weight" });
    expect(refusalOf(candidate("a", {}, { liquidity: x }))).toEqual({ reason: "NOT_FINITE", field: "liquidity" });
  });

  it("factors that overflow together", () => {
    const huge = candidate("a", { expectedReturn: 1e200 }, { weight: 1e200 });
    expect(refusalOf(huge)).toEqual({ reason: "NOT_FINITE", field: "score" });
  });

  it.each([
    ["direction", { direction: 1.01 }],
    ["direction", { direction: -1.01 }],
    ["confidence", { confidence: 1.01 }],
    ["confidence", { confidence: -0.01 }],
    ["expectedReturn", { expectedReturn: -1e-9 }],
    ["horizonMs", { horizonMs: 0 }],
  ])("%s out of range", (field, change) => {
    expect(refusalOf(candidate("a", change))).toEqual({ reason: "OUT_OF_RANGE", field });
  });

  it("no sentence, no opinion, no weight", () => {
    expect(refusalOf(candidate("a", { because: " " }))).toEqual({ reason: "MALFORMED", field: "because" });
    const nothing = JSON.parse("null") as Opinion;
    expect(refusalOf({ ...candidate("a"), opinion: nothing })).toEqual({ reason: "MALFORMED", field: "opinion" });
    const text = JSON.parse('{"direction": "1"}') as Opinion;
    expect(refusalOf({ ...candidate("a"), opinion: text })).toEqual({ reason: "NOT_FINITE", field: "direction" });
    expect(refusalOf(candidate("a", {}, { weight: 0 }))).toEqual({ reason: "OUT_OF_RANGE", field: "weight" });
  });
});
