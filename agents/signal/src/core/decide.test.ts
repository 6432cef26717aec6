import type { Signal } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { causeOf, decisions, openFence, published, quote, START_MS } from "@countersign/proposer/testing";
import type { Opinion } from "@countersign/quant";
import type { Context, Effect } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { decide, type SignalState } from "./decide.ts";
import { opinion } from "./testing.ts";
import { type Heard, SignalView } from "./view.ts";

const silent: SignalState = deepFreeze({ followed: undefined });
const view = new SignalView({ symbols: ["AAPL"], strategies: [] });
view.fold(quote("AAPL", 9_999n, 10_001n, 7));
const context: Context<SignalView> = {
  nowMs: START_MS,
  view,
  fence: openFence,
  auditTrailing: 0,
  cause: causeOf(1),
};

/** Opinions by the name of their strategy. */
function heard(opinions: Readonly<Record<string, Partial<Opinion>>>, change: Partial<Heard> = {}): Heard {
  const standing = Object.entries(opinions).map(([name, said]) => {
    return { strategy: `strategy:${name}@1`, weight: 1, opinion: opinion(said), sinceMs: START_MS };
  });
  return deepFreeze({ symbol: "AAPL", standing, ...change });
}

const on = (state: SignalState, data: Heard) => decide(state, { kind: "market", name: "heard", data }, context);
const signalOf = (effects: readonly Effect[]) => published(effects, "market.signal")[0]?.payload as Signal | undefined;

describe("decide", () => {
  it("follows the highest weight × confidence × expected return × liquidity, and says why", () => {
    const said = { calm: { expectedReturn: 0.04 }, bold: { confidence: 0.9 }, meek: { confidence: 0.39 } };
    const { state, effects } = on(silent, heard(said));
    expect(state.followed).toEqual({ strategy: "strategy:calm@1", sinceMs: START_MS });
    expect(signalOf(effects)).toMatchObject({
      symbol: "AAPL",
      strategy: "strategy:calm@1",
      direction: 1,
      confidence: 0.6,
      expectedReturn: 0.04,
      horizonMs: 432_000_000n,
      explanation: "because the test says so",
      features: [{ name: "close", value: 100 }],
      quote: { msgId: "AAPL quote 7", seq: 7n },
    });
  });

  it("names every opinion of the moment, the winner's first; one that was not heard has no score", () => {
    const said = { a: { confidence: 0.39 }, b: { expectedReturn: 0.01 }, z: { expectedReturn: 0.03 } };
    const thin = new SignalView({ symbols: ["AAPL"], strategies: [] });
    thin.fold(quote("AAPL", 1_000n, 1_001n));
    const { effects } = decide(
      silent,
      { kind: "market", name: "heard", data: heard(said) },
      { ...context, view: thin },
    );
    const scores = signalOf(effects)?.scores;
    expect(scores?.map(({ strategy }) => strategy)).toEqual(["strategy:z@1", "strategy:a@1", "strategy:b@1"]);
    expect(scores?.map(({ confidence }) => confidence)).toEqual([0.6, 0.39, 0.6]);
    expect(scores?.map(({ score }) => score)).toEqual([0.6 * 0.03 * 0.5, undefined, 0.6 * 0.01 * 0.5]);
  });

  it("claims strategy, symbol and quote before it speaks: of several replicas one does", () => {
    const { effects } = on(silent, heard({ one: {} }));
    expect(effects.map(({ kind }) => kind)).toEqual(["claim", "publish"]);
    const id = businessKey("signal", "strategy:one@1", "AAPL", "AAPL quote 7");
    expect(effects[0]).toEqual({ kind: "claim", id, otherwise: [] });
  });

  it("does not say the same opinion twice, and says it again when it is a new one", () => {
    const first = on(silent, heard({ one: {}, two: { confidence: 0.5 } }));
    const state = deepFreeze(first.state);
    const again = on(state, heard({ one: {} }));
    expect(again).toEqual({ state, effects: [] });
    expect(again.state).toBe(state);
    const [standing] = heard({ one: {} }).standing;
    const newer = heard({}, { standing: [{ ...standing!, sinceMs: START_MS + 1 }] });
    expect(signalOf(on(state, newer).effects)).toBeDefined();
    expect(signalOf(on(state, heard({ two: {} })).effects)?.strategy).toBe("strategy:two@1");
  });

  it("an opinion to be flat is followed when nobody has a better idea", () => {
    const flat = { direction: 0, confidence: 1, expectedReturn: 0 };
    expect(signalOf(on(silent, heard({ one: flat, two: { confidence: 0.3 } })).effects)?.direction).toBe(0);
    expect(signalOf(on(silent, heard({ one: flat, two: {} })).effects)?.direction).toBe(1);
  });

  it("when no opinion is worth following, that is on record and the state stays", () => {
    const { state, effects } = on(silent, heard({ one: { confidence: 0.3 }, two: { expectedReturn: 0 } }));
    expect(state).toBe(silent);
    expect(decisions(effects)).toEqual(["NO_SIGNAL"]);
    expect(published(effects, "decision.made")[0]).toMatchObject({
      key: "signal",
      payload: {
        subject: "AAPL",
        explanation: "no opinion on AAPL is worth following: strategy:one@1 LOW_CONFIDENCE, strategy:two@1 NO_EDGE",
      },
    });
  });

  it("without a price nothing is said but that, and it may be said later", () => {
    // Crossed: there was a touch, and it is no price.
    view.fold(quote("SPX", 10_001n, 9_999n));
    const { state, effects } = on(silent, heard({ one: {} }, { symbol: "SPX" }));
    expect([state, decisions(effects)]).toEqual([silent, ["NO_PRICE"]]);
    expect(state).toBe(silent);
  });

  it("hears nothing but the market", () => {
    expect(decide(silent, { kind: "tick" }, context)).toEqual({ state: silent, effects: [] });
  });
});
