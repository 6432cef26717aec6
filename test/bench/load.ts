/**
 * A market that asks for orders at a rate: each symbol closes a bar so many times a second, one after the other, and a strategy that
 * changes its mind with every bar wants an order each time.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Instrument } from "@countersign/orders";
import { gaussian, Prng } from "@countersign/quant";

const MINUTE_MS = 60_000;
/** An order meets the next quote: it is over well before the next bar is. */
const QUOTES_PER_BAR = 2;
/** Bars before the day: enough to believe a volatility. */
const WARM_UP_BARS = 40;

export interface Load {
  readonly symbols: readonly string[];
  readonly traces: readonly { readonly path: string; readonly symbol: string }[];
  /** The day, ISO 8601. */
  readonly from: string;
  /** Seconds of the trace in one second. */
  readonly speed: number;
}

export interface LoadOptions {
  readonly dir: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly symbols: readonly string[];
  /** Wanted, over all symbols. */
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly seed: bigint;
}

export function writeLoad({ dir, instruments, symbols, ordersPerSecond, seconds, seed }: LoadOptions): Load {
  const prng = new Prng(seed);
  const startMs = Date.parse("2024-01-08T00:00:00Z");
  const fromMs = startMs + WARM_UP_BARS * MINUTE_MS;
  const bars = Math.ceil((ordersPerSecond * seconds) / symbols.length);
  const traces = symbols.map((symbol, k) => {
    const { priceScale = 2 } = instruments.get(symbol) ?? {};
    const rows = ["time,bid,ask"];
    let mid = 100;
    for (let n = 0; n < (WARM_UP_BARS + bars) * QUOTES_PER_BAR; n++) {
      // Bars close at times of their own, so that the orders come one by one.
      const atMs = startMs + Math.floor((n / QUOTES_PER_BAR + k / symbols.length / QUOTES_PER_BAR) * MINUTE_MS);
      mid *= 1 + 0.0002 * gaussian(prng);
      const [bid, ask] = [mid - 10 ** -priceScale, mid + 10 ** -priceScale].map((price) => price.toFixed(priceScale));
      rows.push(`${new Date(atMs).toISOString()},${bid},${ask}`);
    }
    const path = join(dir, `${symbol}.csv`);
    writeFileSync(path, `${rows.join("\n")}\n`);
    return { path, symbol };
  });
  const barsPerSecond = ordersPerSecond / symbols.length;
  return { symbols, traces, from: new Date(fromMs).toISOString(), speed: barsPerSecond * (MINUTE_MS / 1_000) };
}
