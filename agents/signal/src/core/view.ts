/** The strategies at work on the market: folded bar by bar, in place. */
import type { Bar as BarMessage, Quote } from "@countersign/contracts";
import { Quotes } from "@countersign/proposer";
import type { Bar, Opinion, Strategy, StrategyInstance } from "@countersign/quant";
import type { MarketMessage, Trigger, ViewOf } from "@countersign/runtime";
import type { SignalConfig } from "../config.ts";
import { SignalError } from "./error.ts";

/** What a strategy thinks, since when. */
export interface Standing {
  readonly strategy: string;
  readonly weight: number;
  readonly opinion: Opinion;
  readonly sinceMs: number;
}

/** What a trigger tells `decide`: every opinion on the symbol that still stands, and how liquid it is. */
export interface Heard {
  readonly symbol: string;
  readonly standing: readonly Standing[];
  /** From 0 to 1. */
  readonly liquidity: number;
}

interface Seat {
  readonly strategy: string;
  readonly weight: number;
  readonly instance: StrategyInstance;
  standing: Standing | undefined;
}

/** What the smaller side of the touch must be worth for a liquidity of 1, in the instrument's currency. */
const FULL_LIQUIDITY = 100_000;

export class SignalView {
  readonly quotes: Quotes;
  readonly #config: SignalConfig;
  readonly #seats = new Map<string, Seat[]>();
  readonly #touch = new Map<string, number>();

  constructor(config: SignalConfig, quotes = new Quotes()) {
    this.#config = config;
    this.quotes = quotes;
    for (const symbol of config.symbols)
      this.#seats.set(
        symbol,
        config.strategies.map((one) => seat(one.id, one.strategy, symbol)),
      );
  }

  fold(message: MarketMessage): Trigger | undefined {
    this.quotes.fold(message);
    if (message.type === "market.quote") this.#foldTouch(message.value);
    return message.type === "market.bar" ? this.#foldBar(message.value) : undefined;
  }

  #foldTouch({ symbol, bidUnits, askUnits, bidSizeUnits, askSizeUnits, priceScale, quantityScale }: Quote): void {
    if (!symbol || priceScale === undefined || quantityScale === undefined) return;
    const bid = Number(bidUnits) * Number(bidSizeUnits);
    const ask = Number(askUnits) * Number(askSizeUnits);
    this.#touch.set(symbol, Math.min(bid, ask) / 10 ** (priceScale + quantityScale));
  }

  #foldBar(message: BarMessage): Trigger | undefined {
    const bar = readBar(message);
    const seats = bar === undefined ? undefined : this.#seats.get(bar.symbol);
    if (bar === undefined || seats === undefined) return undefined;
    let spoke = false;
    for (const one of seats) {
      const opinion = this.#hear(one, bar);
      if (opinion === undefined) continue;
      spoke = true;
      one.standing = { strategy: one.strategy, weight: one.weight, opinion, sinceMs: bar.closeTimeMs };
    }
    if (!spoke) return undefined;
    const standing = seats.flatMap(({ standing: one }) => (one !== undefined && stands(one, bar) ? [one] : []));
    // A touch that nobody has seen is no liquidity: the strategy is heard, and scores next to nothing.
    const liquidity = Math.max(0, Math.min(1, (this.#touch.get(bar.symbol) ?? 0) / FULL_LIQUIDITY)) || 0;
    const data: Heard = { symbol: bar.symbol, standing, liquidity };
    return { name: "heard", data };
  }

  #hear({ strategy, instance }: Seat, bar: Bar): Opinion | undefined {
    const done = this.#config.watch?.(strategy);
    try {
      return instance.onBar(bar);
    } catch (cause) {
      const at = new Date(bar.openTimeMs).toISOString();
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new SignalError("STRATEGY_THREW", `${strategy} threw on the bar of ${bar.symbol} at ${at}: ${text}`, {
        cause,
      });
    } finally {
      done?.();
    }
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

  static restore(config: SignalConfig, snapshot: unknown): SignalView {
    const { seats, touch, quotes } = snapshot as ReturnType<typeof asSnapshot>;
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

export function signalView(config: SignalConfig): ViewOf<SignalView> {
  return {
    create: () => new SignalView(config),
    fold: (view, message) => view.fold(message),
    snapshot: (view) => view.snapshot(),
    restore: (snapshot) => SignalView.restore(config, snapshot),
  };
}

function seat(id: string, strategy: Strategy, symbol: string): Seat {
  return { strategy: id, weight: strategy.weight, instance: strategy.create(symbol), standing: undefined };
}

/** An opinion is over when its horizon is. */
function stands({ opinion, sinceMs }: Standing, bar: Bar): boolean {
  return bar.closeTimeMs - sinceMs <= opinion.horizonMs;
}

function asSnapshot(value: {
  seats: readonly { symbol: string; all: readonly { strategy: string; state: unknown; standing: Standing | null }[] }[];
  touch: readonly (readonly [string, number])[];
  quotes: unknown;
}) {
  return value;
}

function readBar(message: BarMessage): Bar | undefined {
  const { symbol, priceScale, quantityScale, openTimeMs, closeTimeMs } = message;
  const units = [message.openUnits, message.highUnits, message.lowUnits, message.closeUnits, message.volumeUnits];
  if (!symbol || priceScale === undefined || quantityScale === undefined) return undefined;
  if (openTimeMs === undefined || closeTimeMs === undefined || units.includes(undefined)) return undefined;
  const at = (n: number, scale: number) => Number(units[n]) / 10 ** scale;
  const prices = { open: at(0, priceScale), high: at(1, priceScale), low: at(2, priceScale), close: at(3, priceScale) };
  return {
    symbol,
    openTimeMs: Number(openTimeMs),
    closeTimeMs: Number(closeTimeMs),
    ...prices,
    volume: at(4, quantityScale),
  };
}
