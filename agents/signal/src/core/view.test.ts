import { bar, quote } from "@countersign/proposer/testing";
import { Bollinger, Cell, defineStrategy, Ema, type Opinion, restoreParts, snapshotParts } from "@countersign/quant";
import { decodeJson, encodeJson, type MarketMessage } from "@countersign/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SignalConfig } from "../config.ts";
import { DAY_MS, opinion, script, seated } from "./testing.ts";
import { type Heard, SignalView } from "./view.ts";

function viewOf(config: Partial<SignalConfig>): SignalView {
  return new SignalView({ symbols: ["AAPL"], strategies: [], ...config });
}

function hear(view: SignalView, messages: readonly MarketMessage[]): (Heard | undefined)[] {
  return messages.map((message) => view.fold(message)?.data as Heard | undefined);
}

const bars = (count: number, symbol = "AAPL") => Array.from({ length: count }, (_, n) => bar(symbol, 10_000n, n));

describe("SignalView", () => {
  it("speaks when a strategy does, and tells every opinion that stands", () => {
    const first = opinion();
    const second = opinion({ direction: -1 });
    const view = viewOf({ strategies: seated(script("one", [first]), script("two", [undefined, undefined, second])) });
    const heard = hear(view, bars(4));
    expect(heard.map((one) => one?.standing.map(({ strategy, sinceMs }) => [strategy, sinceMs]))).toEqual([
      [["strategy:one@1", endOf(0)]],
      undefined,
      [
        ["strategy:one@1", endOf(0)],
        ["strategy:two@1", endOf(2)],
      ],
      undefined,
    ]);
  });

  it("an opinion is over when its horizon is, and not before", () => {
    const one = script("one", [opinion({ horizonMs: 2 * DAY_MS })]);
    const other = script("other", [undefined, undefined, opinion(), opinion()]);
    const heard = hear(viewOf({ strategies: seated(one, other) }), bars(4));
    expect(heard.map((at) => at?.standing.length)).toEqual([1, undefined, 2, 1]);
  });

  it.each([
    ["the smaller side of the touch", quote("AAPL", 1_000n, 1_001n), 0.5],
    ["at most 1", quote("AAPL", 10_000n, 10_001n), 1],
    ["nothing, when a side is missing", quote("AAPL", undefined, 10_001n), 0],
  ])("liquidity is %s", (_, touch, liquidity) => {
    const view = viewOf({ strategies: seated(script("one", [opinion()])) });
    view.fold(touch);
    expect(view.liquidity("AAPL")).toBeCloseTo(liquidity, 12);
    expect(() => encodeJson(view.snapshot())).not.toThrow();
  });

  it("has no ear for symbols it does not trade, and none for a bar that is none", () => {
    const view = viewOf({ strategies: seated(script("one", [opinion()])) });
    expect(hear(view, [...bars(1, "SPX"), bar("AAPL", 0n, 0)])).toEqual([undefined, undefined]);
    expect(hear(view, bars(1))[0]?.symbol).toBe("AAPL");
  });

  it("a strategy that throws stops the run; the error names strategy, symbol and bar", () => {
    const broken = defineStrategy({
      name: "broken",
      weight: 1,
      create: () => ({
        onBar: () => {
          throw new TypeError("x is undefined");
        },
        snapshot: () => ({}),
        restore: () => {},
      }),
    });
    const watched: string[] = [];
    const watch = (strategy: string) => {
      watched.push(`begins ${strategy}`);
      return () => void watched.push("ends");
    };
    const view = viewOf({ strategies: seated(broken), watch });
    expect(() => hear(view, [bar("AAPL", 10_000n, 3)])).toThrow(
      expect.objectContaining({
        name: "SignalError",
        code: "STRATEGY_THREW",
        message: "strategy:broken@1 threw on the bar of AAPL at 2015-06-04T14:30:00.000Z: x is undefined",
        cause: expect.any(TypeError),
      }),
    );
    expect(watched).toEqual(["begins strategy:broken@1", "ends"]);
  });

  it.each<[string, Partial<Opinion>]>([
    ["direction", { direction: Number.NaN }],
    ["confidence", { confidence: 1.01 }],
    ["expectedReturn", { expectedReturn: Number.NaN }],
    ["expectedReturn", { expectedReturn: -0.01 }],
    ["horizonMs", { horizonMs: Number.POSITIVE_INFINITY }],
    ["features.close", { features: { close: Number.NaN } }],
    ["because", { because: "" }],
  ])("an opinion whose %s is impossible stops the run", (field, change) => {
    const view = viewOf({ strategies: seated(script("one", [opinion(change)])) });
    expect(() => hear(view, bars(1))).toThrow(
      expect.objectContaining({
        code: "BAD_OPINION",
        message: expect.stringMatching(`strategy:one@1 .* AAPL .*${field}`),
      }),
    );
  });
});

describe("with real estimators, on any bars", () => {
  // Says whether the price is above its average, how far outside its band, and since how many bars.
  const walker = (name: string, length: number) =>
    defineStrategy({
      name,
      weight: 1,
      create: () => {
        const parts = { ema: new Ema(length), bands: new Bollinger({ length, width: 2 }), side: new Cell(0) };
        const { ema, bands, side } = parts;
        return {
          onBar: ({ close }) => {
            ema.update(close);
            bands.update(close);
            const next = ema.value === undefined ? 0 : Math.sign(close - ema.value);
            if (next === side.value) return undefined;
            side.value = next;
            return opinion({ direction: next, features: { sd: bands.value?.sd ?? 0 } });
          },
          snapshot: () => snapshotParts(parts),
          restore: (snapshot) => restoreParts(parts, snapshot),
        };
      },
    });
  const config = { symbols: ["AAPL", "SPX"], strategies: seated(walker("short", 3), walker("long", 7)) };
  const closes = fc.array(fc.bigInt({ min: 9_000n, max: 11_000n }), { minLength: 2, maxLength: 40 });
  const marketOf = (prices: readonly bigint[]) =>
    prices.flatMap((price, n) =>
      config.symbols.flatMap((symbol) => [quote(symbol, price - 1n, price + 1n, n), bar(symbol, price, n)]),
    );

  it("restored from the store at any message, it continues as if uninterrupted", () => {
    fc.assert(
      fc.property(closes, fc.nat(), (prices, at) => {
        const messages = marketOf(prices);
        const cut = at % messages.length;
        const uninterrupted = new SignalView(config);
        const all = hear(uninterrupted, messages);
        const first = new SignalView(config);
        const head = hear(first, messages.slice(0, cut));
        const second = SignalView.restore(config, decodeJson(encodeJson(first.snapshot())));
        expect([...head, ...hear(second, messages.slice(cut))]).toEqual(all);
        expect(encodeJson(second.snapshot())).toBe(encodeJson(uninterrupted.snapshot()));
      }),
      { numRuns: 50 },
    );
  });

  it("what comes later changes nothing of what was heard before", () => {
    fc.assert(
      fc.property(closes, closes, (prices, others) => {
        const known = marketOf(prices);
        const later = marketOf([...prices, ...others]).slice(known.length);
        const heard = hear(new SignalView(config), [...known, ...later]);
        expect(heard.slice(0, known.length)).toEqual(hear(new SignalView(config), known));
      }),
      { numRuns: 50 },
    );
  });

  it("a strategy that was changed since finds no state, and warms up anew", () => {
    const view = new SignalView(config);
    hear(view, marketOf([10_000n, 10_010n, 10_020n, 10_030n]));
    const changed = config.strategies.map(({ strategy }) => ({ id: `strategy:${strategy.name}@2`, strategy }));
    const restored = SignalView.restore({ ...config, strategies: changed }, view.snapshot());
    const fresh = new SignalView({ ...config, strategies: changed });
    for (const message of marketOf([10_000n, 10_010n, 10_020n, 10_030n])) {
      if (message.type === "market.quote") fresh.fold(message);
    }
    expect(restored.snapshot()).toEqual(fresh.snapshot());
  });
});

function endOf(n: number): number {
  return Number(bar("AAPL", 1n, n).type === "market.bar" && Date.parse("2015-06-01T14:30:00Z") + (n + 1) * DAY_MS);
}
