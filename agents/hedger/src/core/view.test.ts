import { bar, quote } from "@countersign/proposer/testing";
import { decodeJson, encodeJson, type MarketMessage } from "@countersign/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barsOf, config, pairs } from "./testing.ts";
import { HedgerView } from "./view.ts";

const short = { ...config, window: 3 };
const close = fc.bigInt({ min: 5_000n, max: 20_000n });
/** Days on which each of three symbols may have closed a bar, or not. */
const market = fc
  .array(fc.tuple(fc.option(close), fc.option(close), fc.option(close)), { minLength: 1, maxLength: 30 })
  .map((days) =>
    days.flatMap((closes, n) =>
      closes.flatMap((price, k) => {
        const symbol = ["AAPL", "SPX", "MSFT"][k]!;
        return price === null ? [] : [quote(symbol, price - 1n, price + 1n, n), bar(symbol, price, n)];
      }),
    ),
  )
  .filter((messages) => messages.length > 0);

function folded(messages: readonly MarketMessage[], view = new HedgerView(short)) {
  const triggers = messages.map((message) => view.fold(message));
  return { view, triggers, seen: seenBy(view) };
}

function seenBy(view: HedgerView) {
  const { isUp, perBar } = view.stress;
  return [encodeJson(view.snapshot()), view.betaOf("AAPL"), view.betaOf("MSFT"), isUp, perBar];
}

describe("HedgerView", () => {
  it("finds the beta that is there, whichever of the two closes first", () => {
    const bars = barsOf(pairs(200, { beta: 1.5, noise: 0.004 }));
    const swapped = bars.map((_, n) => bars[n % 2 === 0 ? n + 1 : n - 1]!);
    for (const messages of [bars, swapped]) {
      const view = new HedgerView({ ...config, window: 150 });
      for (const message of messages) view.fold(message);
      const { beta, effectiveness, isBelieved } = view.betaOf("AAPL")!;
      expect(beta).toBeCloseTo(1.5, 0);
      // ρ² = 1.5²·0.01² ÷ (1.5²·0.01² + 0.004²) = 0.93; its lower bound is a little less.
      expect(effectiveness).toBeGreaterThan(0.88);
      expect(effectiveness).toBeLessThan(0.95);
      expect(isBelieved).toBe(true);
    }
  });

  it("believes no beta of too few pairs, nor of what moves by itself", () => {
    const view = new HedgerView(config);
    for (const message of barsOf(pairs(config.window))) view.fold(message);
    expect(view.betaOf("AAPL")).toBeUndefined();
    const alone = new HedgerView(config);
    for (const message of barsOf(pairs(60, { beta: 0, noise: 0.01 }))) alone.fold(message);
    expect(alone.betaOf("AAPL")).toMatchObject({ isBelieved: false });
    expect(alone.betaOf("MSFT")).toBeUndefined();
  });

  it("what moves the other way is believed as well", () => {
    const view = new HedgerView(config);
    for (const message of barsOf(pairs(60, { beta: -1, noise: 0.002 }))) view.fold(message);
    expect(view.betaOf("AAPL")!.beta).toBeLessThan(-0.8);
    expect(view.betaOf("AAPL")).toMatchObject({ isBelieved: true });
  });

  it("once believed, a beta is believed until its effectiveness is below half of what it took", () => {
    const view = new HedgerView({ ...config, window: 30, effectivenessMin: 0.6 });
    const seen: [effectiveness: number, isBelieved: boolean][] = [];
    const fold = (noise: number, days: number, from: number, seed: bigint) => {
      for (const message of barsOf(pairs(days, { noise, seed }), from)) {
        view.fold(message);
        const beta = view.betaOf("AAPL");
        if (beta !== undefined) seen.push([beta.effectiveness, beta.isBelieved]);
      }
    };
    fold(0.002, 40, 0, 1n);
    fold(0.009, 60, 40, 2n);
    fold(0.1, 60, 100, 3n);
    expect(seen.some(([share, isBelieved]) => share < 0.6 && isBelieved)).toBe(true);
    expect(seen.every(([share, isBelieved]) => isBelieved || share < 0.6)).toBe(true);
    expect(seen.every(([share, isBelieved]) => !isBelieved || share >= 0.3)).toBe(true);
    expect(seen.at(-1)?.[1]).toBe(false);
  });

  it("speaks when a pair has come about, and only then", () => {
    const view = new HedgerView(config);
    const bars = [bar("AAPL", 1n, 0), bar("SPX", 1n, 0), bar("AAPL", 1n, 1), bar("MSFT", 1n, 1), bar("SPX", 1n, 2)];
    expect(bars.map((one) => view.fold(one)?.name)).toEqual([undefined, "bar", undefined, undefined, undefined]);
    expect(view.fold(quote("AAPL", 1n, 1n))).toBeUndefined();
  });

  it("with nothing to hedge with it folds quotes alone", () => {
    const view = new HedgerView({ ...config, hedgeSymbol: undefined });
    expect(barsOf(pairs(40)).map((one) => view.fold(one))).toEqual(Array(80).fill(undefined));
    expect(view.betaOf("AAPL")).toBeUndefined();
  });

  it("restored from the store at any message, it continues as if uninterrupted", () => {
    fc.assert(
      fc.property(market, fc.nat(), (messages, at) => {
        const cut = at % messages.length;
        const whole = folded(messages);
        const first = folded(messages.slice(0, cut));
        const restored = HedgerView.restore(short, decodeJson(encodeJson(first.view.snapshot())));
        const second = folded(messages.slice(cut), restored);
        expect([...first.triggers, ...second.triggers]).toEqual(whole.triggers);
        expect(second.seen).toEqual(whole.seen);
      }),
    );
  });

  it("comes to the same, in whatever order the symbols are read beside each other", () => {
    fc.assert(
      fc.property(market, fc.array(fc.nat(), { maxLength: 90 }), (messages, choices) => {
        const bySymbol = Map.groupBy(messages, ({ value }) => value.symbol ?? "");
        const queues = [...bySymbol.values()].map((queue) => [...queue]);
        const other: MarketMessage[] = [];
        for (let n = 0; other.length < messages.length; n++) {
          const left = queues.filter((queue) => queue.length > 0);
          other.push(left[(choices[n] ?? 0) % left.length]!.shift()!);
        }
        const [one, two] = [folded(messages).view, folded(other).view];
        expect([two.betaOf("AAPL"), two.betaOf("MSFT")]).toEqual([one.betaOf("AAPL"), one.betaOf("MSFT")]);
        expect([two.stress.isUp, two.stress.perBar, two.barMs]).toEqual([
          one.stress.isUp,
          one.stress.perBar,
          one.barMs,
        ]);
      }),
    );
  });

  it("what comes later changes nothing of what was seen before", () => {
    fc.assert(
      fc.property(market, fc.nat(), fc.bigInt({ min: 1n, max: 100_000n }), (messages, at, other) => {
        const cut = at % messages.length;
        const changed = messages.map((message, n) =>
          n < cut || message.type !== "market.bar" ? message : bar(message.value.symbol ?? "", other, 100 + n),
        );
        const view = new HedgerView(short);
        const seen = changed.map((message) => folded([message], view).seen);
        const known = new HedgerView(short);
        expect(seen.slice(0, cut)).toEqual(messages.slice(0, cut).map((message) => folded([message], known).seen));
      }),
    );
  });
});
