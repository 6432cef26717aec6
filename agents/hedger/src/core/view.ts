/** The market as Hedger sees it: last quotes, how each symbol moves with the hedge, and whether volatility is up. */
import type { Bar } from "@countersign/contracts";
import { Quotes, readBar } from "@countersign/proposer";
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import { Pairing, type PairingSnapshot } from "./pairing.ts";
import { type Beta, Regression, type RegressionSnapshot } from "./regression.ts";
import { Stress, type StressSnapshot } from "./stress.ts";

export class HedgerView {
  readonly quotes: Quotes;
  readonly stress = new Stress();
  readonly #config: HedgerConfig;
  readonly #pairing = new Pairing();
  #barMs = 0;
  readonly #regressions = new Map<string, Regression>();

  constructor(config: HedgerConfig, quotes = new Quotes()) {
    this.#config = config;
    this.quotes = quotes;
  }

  /** Length of the hedge's last bar; 0 before the first. */
  get barMs(): number {
    return this.#barMs;
  }

  /** Undefined while too few pairs were seen (P10). */
  betaOf(symbol: string): Beta | undefined {
    return this.#regressions.get(symbol)?.value;
  }

  fold(message: MarketMessage): Trigger | undefined {
    this.quotes.fold(message);
    return message.type === "market.bar" ? this.#foldBar(message.value) : undefined;
  }

  /** Speaks when a pair has come about: whichever of the two closes last. */
  #foldBar(message: Bar): Trigger | undefined {
    const { hedgeSymbol } = this.#config;
    const bar = readBar(message);
    if (bar === undefined || hedgeSymbol === undefined) return undefined;
    const { symbol, close: price, closeTimeMs: timeMs } = bar;
    const isHedge = symbol === hedgeSymbol;
    if (isHedge) {
      this.#barMs = timeMs - bar.openTimeMs;
      this.stress.update(price);
    }
    const close = { timeMs, price };
    const pairs = isHedge ? this.#pairing.ofHedge(close) : this.#pairing.of(symbol, close);
    for (const { symbol: other, closes } of pairs) this.#regressionOf(other).update(closes);
    return pairs.length > 0 ? { name: "bar", data: null } : undefined;
  }

  #regressionOf(symbol: string): Regression {
    const known = this.#regressions.get(symbol);
    if (known !== undefined) return known;
    const regression = new Regression(this.#config);
    this.#regressions.set(symbol, regression);
    return regression;
  }

  snapshot(): unknown {
    const regressions = [...this.#regressions].map(([symbol, regression]) => [symbol, regression.snapshot()]);
    return {
      quotes: this.quotes.snapshot(),
      pairing: this.#pairing.snapshot(),
      barMs: this.#barMs,
      regressions,
      stress: this.stress.snapshot(),
    };
  }

  static restore(config: HedgerConfig, snapshot: unknown): HedgerView {
    const { quotes, pairing, barMs, regressions, stress } = snapshot as Saved;
    const view = new HedgerView(config, Quotes.restore(quotes));
    view.#pairing.restore(pairing);
    for (const [symbol, saved] of regressions) {
      const regression = new Regression(config);
      regression.restore(saved);
      view.#regressions.set(symbol, regression);
    }
    view.#barMs = barMs;
    view.stress.restore(stress);
    return view;
  }
}

interface Saved {
  readonly quotes: unknown;
  readonly pairing: PairingSnapshot;
  readonly barMs: number;
  readonly regressions: readonly (readonly [string, RegressionSnapshot])[];
  readonly stress: StressSnapshot;
}

export function hedgerView(config: HedgerConfig): ViewOf<HedgerView> {
  return {
    create: () => new HedgerView(config),
    fold: (view, message) => view.fold(message),
    snapshot: (view) => view.snapshot(),
    restore: (snapshot) => HedgerView.restore(config, snapshot),
  };
}
