/**
 * The closes of each symbol and of the hedge, joined where both have one at the same time: pair after pair in the order of time, whichever
 * of the two is read first. A process that begins reads one symbol's past whole before the other's, and must come to the same pairs.
 */
import type { Closes } from "./regression.ts";

export interface Close {
  readonly timeMs: number;
  readonly price: number;
}

export interface Pair {
  readonly symbol: string;
  readonly closes: Closes;
}

/** Closes that are kept of each until they are joined: a day of minutes and some. What is further apart is not joined. */
const KEPT = 2_000;

export class Pairing {
  /** The hedge's price by time, the oldest first. */
  readonly #hedge = new Map<number, number>();
  #hedgeMs = Number.NEGATIVE_INFINITY;
  /** By symbol: what the hedge has not come to. */
  readonly #waiting = new Map<string, Close[]>();

  /** A close of the hedge. Returns the pairs that it makes. */
  ofHedge({ timeMs, price }: Close): readonly Pair[] {
    this.#hedge.set(timeMs, price);
    this.#hedgeMs = Math.max(this.#hedgeMs, timeMs);
    for (const oldest of this.#hedge.keys()) {
      if (this.#hedge.size <= KEPT) break;
      this.#hedge.delete(oldest);
    }
    return [...this.#waiting.keys()].flatMap((symbol) => this.#join(symbol));
  }

  of(symbol: string, close: Close): readonly Pair[] {
    const waiting = this.#waiting.get(symbol) ?? [];
    this.#waiting.set(symbol, waiting);
    waiting.push(close);
    if (waiting.length > KEPT) waiting.shift();
    return this.#join(symbol);
  }

  #join(symbol: string): readonly Pair[] {
    const waiting = this.#waiting.get(symbol) ?? [];
    const pairs: Pair[] = [];
    let joined = 0;
    for (const { timeMs, price } of waiting) {
      if (timeMs > this.#hedgeMs) break;
      joined++;
      const hedge = this.#hedge.get(timeMs);
      if (hedge !== undefined) pairs.push({ symbol, closes: { symbol: price, hedge } });
    }
    waiting.splice(0, joined);
    return pairs;
  }

  snapshot(): PairingSnapshot {
    return { hedge: [...this.#hedge], waiting: [...this.#waiting] };
  }

  restore({ hedge, waiting }: PairingSnapshot): void {
    for (const [timeMs, price] of hedge) {
      this.#hedge.set(timeMs, price);
      this.#hedgeMs = Math.max(this.#hedgeMs, timeMs);
    }
    for (const [symbol, closes] of waiting) this.#waiting.set(symbol, [...closes]);
  }
}

export interface PairingSnapshot {
  readonly hedge: readonly (readonly [timeMs: number, price: number])[];
  readonly waiting: readonly (readonly [symbol: string, closes: readonly Close[]])[];
}
