/** The market as Hedger sees it: last quotes, how each symbol moves with the hedge, and whether volatility is up. */
import type { Bar } from "@countersign/contracts";
import { Quotes, readBar } from "@countersign/proposer";
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import { type Beta, Regression, type RegressionSnapshot } from "./regression.ts";
import { Stress, type StressSnapshot } from "./stress.ts";

interface Close {
  readonly timeMs: number;
  readonly price: number;
}

export class HedgerView {
  readonly quotes: Quotes;
  readonly stress = new Stress();
  readonly #config: HedgerConfig;
  /** Of the last bar, by symbol. */
  readonly #closes = new Map<string, Close>();
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
    this.#closes.set(symbol, { timeMs, price });
    const isHedge = symbol === hedgeSymbol;
    if (isHedge) {
      this.#barMs = timeMs - bar.openTimeMs;
      this.stress.update(price);
    }
    const others = isHedge ? [...this.#closes.keys()].filter((other) => other !== hedgeSymbol) : [symbol];
    const paired = others.filter((other) => this.#pair(other, hedgeSymbol));
    return paired.length > 0 ? { name: "bar", data: null } : undefined;
  }

  #pair(symbol: string, hedgeSymbol: string): boolean {
    const spot = this.#closes.get(symbol);
    const hedge = this.#closes.get(hedgeSymbol);
    if (spot === undefined || hedge === undefined || spot.timeMs !== hedge.timeMs) return false;
    const regression = this.#regressions.get(symbol) ?? new Regression(this.#config);
    this.#regressions.set(symbol, regression);
    regression.update({ symbol: spot.price, hedge: hedge.price });
    return true;
  }

  snapshot(): unknown {
    const regressions = [...this.#regressions].map(([symbol, regression]) => [symbol, regression.snapshot()]);
    return {
      quotes: this.quotes.snapshot(),
      closes: [...this.#closes],
      barMs: this.#barMs,
      regressions,
      stress: this.stress.snapshot(),
    };
  }

  static restore(config: HedgerConfig, snapshot: unknown): HedgerView {
    const { quotes, closes, barMs, regressions, stress } = snapshot as Saved;
    const view = new HedgerView(config, Quotes.restore(quotes));
    for (const [symbol, close] of closes) view.#closes.set(symbol, close);
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
  readonly closes: readonly (readonly [string, Close])[];
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
