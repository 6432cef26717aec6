/** How the symbols move with the hedge, and whether volatility is up. Returns are paired bar by bar, where both have one. */
import type { Bar } from "@countersign/contracts";
import { Quotes } from "@countersign/proposer";
import { correlationLowerBound, EwmaVolatility, HedgeRatio, LogReturn, Sma } from "@countersign/quant";
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";

export interface Beta {
  readonly beta: number;
  /** Lower 95 % bound of ρ². */
  readonly effectiveness: number;
}

interface Close {
  readonly timeMs: number;
  readonly price: number;
}

interface Pair {
  readonly ratio: HedgeRatio;
  spot: Close | undefined;
  hedge: Close | undefined;
}

/** Volatility is up above 1.3 × its mean of 20 bars, and down again below 1.05: the requirement's hedge triggers, with hysteresis. */
const STRESS_ABOVE = 1.3;
const STRESS_BELOW = 1.05;
const STRESS_BARS = 20;

export class HedgerView {
  readonly quotes: Quotes;
  readonly #config: HedgerConfig;
  readonly #closes = new Map<string, Close>();
  readonly #pairs = new Map<string, Pair>();
  readonly #hedgeReturn = new LogReturn();
  readonly #volatility = new EwmaVolatility();
  readonly #usual = new Sma(STRESS_BARS);
  #stressed = false;

  constructor(config: HedgerConfig, quotes = new Quotes()) {
    this.#config = config;
    this.quotes = quotes;
  }

  get stressed(): boolean {
    return this.#stressed;
  }

  /** Deviation of one bar of the hedge. */
  get hedgeVolatility(): number | undefined {
    return this.#volatility.value;
  }

  /** Undefined while too few pairs were seen to believe one (P10). */
  betaOf(symbol: string): Beta | undefined {
    const hedge = this.#pairs.get(symbol)?.ratio.value;
    if (hedge === undefined) return undefined;
    // Of the magnitude: a hedge that moves the other way hedges as well.
    const lower = correlationLowerBound({ ...hedge, correlation: Math.abs(hedge.correlation) }, 0.95);
    return lower === undefined ? undefined : { beta: hedge.ratio, effectiveness: Math.max(0, lower) ** 2 };
  }

  fold(message: MarketMessage): Trigger | undefined {
    this.quotes.fold(message);
    return message.type === "market.bar" ? this.#foldBar(message.value) : undefined;
  }

  #foldBar({ symbol, closeUnits, priceScale, closeTimeMs }: Bar): Trigger | undefined {
    const { hedgeSymbol } = this.#config;
    if (
      hedgeSymbol === undefined ||
      !symbol ||
      closeUnits === undefined ||
      priceScale === undefined ||
      closeTimeMs === undefined
    )
      return undefined;
    const close = { timeMs: Number(closeTimeMs), price: Number(closeUnits) / 10 ** priceScale };
    this.#closes.set(symbol, close);
    if (symbol === hedgeSymbol) this.#foldStress(close.price);
    let paired = false;
    for (const other of symbol === hedgeSymbol ? this.#closes.keys() : [symbol]) {
      if (other !== hedgeSymbol) paired = this.#pair(other, hedgeSymbol) || paired;
    }
    return paired ? { name: "bar", data: null } : undefined;
  }

  /** When both have closed a bar at one time: their returns since the last time that was so. */
  #pair(symbol: string, hedgeSymbol: string): boolean {
    const spot = this.#closes.get(symbol);
    const hedge = this.#closes.get(hedgeSymbol);
    if (spot === undefined || hedge === undefined || spot.timeMs !== hedge.timeMs) return false;
    const pair = this.#pairs.get(symbol) ?? {
      ratio: new HedgeRatio({ length: this.#config.window }),
      spot: undefined,
      hedge: undefined,
    };
    this.#pairs.set(symbol, pair);
    if (pair.spot !== undefined && pair.hedge !== undefined) {
      pair.ratio.update({ spot: spot.price / pair.spot.price - 1, hedge: hedge.price / pair.hedge.price - 1 });
    }
    pair.spot = spot;
    pair.hedge = hedge;
    return true;
  }

  #foldStress(price: number): void {
    this.#hedgeReturn.update(price);
    if (this.#hedgeReturn.value === undefined) return;
    this.#volatility.update(this.#hedgeReturn.value);
    const now = this.#volatility.value;
    if (now === undefined) return;
    const usual = this.#usual.value;
    this.#usual.update(now);
    if (usual === undefined) return;
    if (now > STRESS_ABOVE * usual) this.#stressed = true;
    if (now < STRESS_BELOW * usual) this.#stressed = false;
  }

  snapshot(): unknown {
    return {
      quotes: this.quotes.snapshot(),
      closes: [...this.#closes],
      pairs: [...this.#pairs].map(([symbol, { ratio, spot, hedge }]) => ({
        symbol,
        ratio: ratio.snapshot(),
        spot: spot ?? null,
        hedge: hedge ?? null,
      })),
      hedgeReturn: this.#hedgeReturn.snapshot(),
      volatility: this.#volatility.snapshot(),
      usual: this.#usual.snapshot(),
      stressed: this.#stressed,
    };
  }

  static restore(config: HedgerConfig, snapshot: unknown): HedgerView {
    const saved = snapshot as Saved;
    const view = new HedgerView(config, Quotes.restore(saved.quotes));
    for (const [symbol, close] of saved.closes) view.#closes.set(symbol, close);
    for (const { symbol, ratio, spot, hedge } of saved.pairs) {
      const pair = {
        ratio: new HedgeRatio({ length: config.window }),
        spot: spot ?? undefined,
        hedge: hedge ?? undefined,
      };
      pair.ratio.restore(ratio);
      view.#pairs.set(symbol, pair);
    }
    view.#hedgeReturn.restore(saved.hedgeReturn);
    view.#volatility.restore(saved.volatility);
    view.#usual.restore(saved.usual);
    view.#stressed = saved.stressed;
    return view;
  }
}

interface Saved {
  readonly quotes: unknown;
  readonly closes: readonly (readonly [string, Close])[];
  readonly pairs: readonly { symbol: string; ratio: unknown; spot: Close | null; hedge: Close | null }[];
  readonly hedgeReturn: unknown;
  readonly volatility: unknown;
  readonly usual: unknown;
  readonly stressed: boolean;
}

export function hedgerView(config: HedgerConfig): ViewOf<HedgerView> {
  return {
    create: () => new HedgerView(config),
    fold: (view, message) => view.fold(message),
    snapshot: (view) => view.snapshot(),
    restore: (snapshot) => HedgerView.restore(config, snapshot),
  };
}
