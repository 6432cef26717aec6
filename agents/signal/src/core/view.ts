/** The strategies at work on the market: folded bar by bar, in place. */
import type { Bar, Quote } from "@countersign/contracts";
import { Quotes, readBar } from "@countersign/proposer";
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { SignalConfig } from "../config.ts";
import { hear, type Seat, type Standing, seat, stands } from "./seat.ts";

/** What a trigger tells `decide`: every opinion on the symbol that still stands. */
export interface Heard {
  readonly symbol: string;
  readonly standing: readonly Standing[];
}

/** What the smaller side of the touch must be worth for a liquidity of 1, in the instrument's currency. */
const FULL_LIQUIDITY = 100_000;

export class SignalView {
  readonly quotes: Quotes;
  readonly #config: SignalConfig;
  readonly #seats: ReadonlyMap<string, readonly Seat[]>;
  /** Value of the smaller side of the last touch, by symbol. */
  readonly #touch = new Map<string, number>();

  constructor(config: SignalConfig, quotes = new Quotes()) {
    const seatsOf = (symbol: string) => config.strategies.map(({ id, strategy }) => seat(id, strategy, symbol));
    this.quotes = quotes;
    this.#config = config;
    this.#seats = new Map(config.symbols.map((symbol) => [symbol, seatsOf(symbol)]));
  }

  /** How liquid the symbol is now, from 0 to 1. */
  liquidity(symbol: string): number {
    return Math.max(0, Math.min(1, (this.#touch.get(symbol) ?? 0) / FULL_LIQUIDITY));
  }

  fold(message: MarketMessage): Trigger | undefined {
    this.quotes.fold(message);
    if (message.type === "market.quote") this.#foldTouch(message.value);
    return message.type === "market.bar" ? this.#foldBar(message.value) : undefined;
  }

  /** A size that the source does not say is no liquidity: strategies are heard, and score next to nothing. */
  #foldTouch({
    symbol,
    bidUnits,
    askUnits,
    bidSizeUnits,
    askSizeUnits,
    priceScale = 0,
    quantityScale = 0,
  }: Quote): void {
    if (!symbol) return;
    const bid = Number(bidUnits ?? 0n) * Number(bidSizeUnits ?? 0n);
    const ask = Number(askUnits ?? 0n) * Number(askSizeUnits ?? 0n);
    this.#touch.set(symbol, Math.min(bid, ask) / 10 ** (priceScale + quantityScale));
  }

  #foldBar(message: Bar): Trigger | undefined {
    const bar = readBar(message);
    const seats = bar === undefined ? undefined : this.#seats.get(bar.symbol);
    if (bar === undefined || seats === undefined) return undefined;
    const spoke = seats.filter((one) => hear(one, bar, this.#config.watch));
    if (spoke.length === 0) return undefined;
    const { symbol, closeTimeMs } = bar;
    const standing = seats.flatMap((one) => (one.standing && stands(one.standing, closeTimeMs) ? [one.standing] : []));
    const data: Heard = { symbol, standing };
    return { name: "heard", data };
  }

  snapshot(): unknown {
    const seats = [...this.#seats].map(([symbol, all]) => ({
      symbol,
      all: all.map(({ strategy, instance, standing }) => ({
        strategy,
        state: instance.snapshot(),
        standing: standing ?? null,
      })),
    }));
    return { seats, touch: [...this.#touch], quotes: this.quotes.snapshot() };
  }

  /** A strategy that was changed has another id: it finds no state here, and warms up anew. */
  static restore(config: SignalConfig, snapshot: unknown): SignalView {
    const { seats, touch, quotes } = snapshot as Saved;
    const view = new SignalView(config, Quotes.restore(quotes));
    for (const [symbol, value] of touch) view.#touch.set(symbol, value);
    for (const { symbol, all } of seats) {
      for (const saved of all) {
        const one = view.#seats.get(symbol)?.find(({ strategy }) => strategy === saved.strategy);
        if (one === undefined) continue;
        one.instance.restore(saved.state);
        one.standing = saved.standing ?? undefined;
      }
    }
    return view;
  }
}

interface Saved {
  readonly seats: readonly {
    readonly symbol: string;
    readonly all: readonly { strategy: string; state: unknown; standing: Standing | null }[];
  }[];
  readonly touch: readonly (readonly [string, number])[];
  readonly quotes: unknown;
}

export function signalView(config: SignalConfig): ViewOf<SignalView> {
  return {
    create: () => new SignalView(config),
    fold: (view, message) => view.fold(message),
    snapshot: (view) => view.snapshot(),
    restore: (snapshot) => SignalView.restore(config, snapshot),
  };
}
