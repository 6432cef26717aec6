/**
 * The other side of the identity: deposits, realised profit, fees and average cost, from deposits and fills alone. A position is kept as
 * lots of one average: its size, and the money that it cost (a short: that it brought, negative), in integers.
 */
import { type Nano, nanoOf, worth } from "./decimal.ts";
import type { Fill, Mark } from "./ledger-file.ts";

interface Held {
  /** Negative for a short. */
  readonly size: Nano;
  readonly cost: Nano;
}

export class Fills {
  deposits: Nano = 0n;
  realised: Nano = 0n;
  fees: Nano = 0n;
  readonly held = new Map<string, Held>();
  readonly #places: number;

  /** @param places decimals of the account's money */
  constructor(places: number) {
    this.#places = places;
  }

  /** What closes takes its share of the cost with it, rounded down; what is left of the fill opens at what it cost. */
  book({ symbol, side, lastQty, lastPx, commission }: Fill): void {
    const sign = side === "SIDE_BUY" ? 1n : -1n;
    const size = nanoOf(lastQty);
    const paid = worth(size, nanoOf(lastPx), this.#places);
    const before = this.held.get(symbol) ?? { size: 0n, cost: 0n };
    const against = before.size * sign < 0n;
    const open = before.size < 0n ? -before.size : before.size;
    const closing = against ? (open < size ? open : size) : 0n;
    const closingPaid = this.#share(paid, closing, size);
    // Magnitudes are rounded down, so that a short and a long of the same prices are mirror images.
    const costSize = before.cost < 0n ? -before.cost : before.cost;
    const relieved = closing === 0n ? 0n : this.#share(costSize, closing, open);
    // A sale closes a long and brings money; a purchase closes a short and costs it.
    this.realised += sign * (relieved - closingPaid);
    this.fees += nanoOf(commission);
    this.held.set(symbol, {
      size: before.size + sign * size,
      cost: before.cost + sign * relieved + sign * (paid - closingPaid),
    });
  }

  /** Undefined when an open position has no mark. */
  unrealised(marks: readonly Mark[]): Nano | undefined {
    let gain = 0n;
    for (const [symbol, { size, cost }] of this.held) {
      if (size === 0n) continue;
      const mark = marks.find((candidate) => candidate.symbol === symbol);
      if (mark === undefined) return undefined;
      gain += worth(size, nanoOf(mark.price), this.#places) - cost;
    }
    return gain;
  }

  /** ⌊amount × part ÷ whole⌋ in whole units of money. */
  #share(amount: Nano, part: Nano, whole: Nano): Nano {
    const unit = 10n ** BigInt(9 - this.#places);
    return (((amount / unit) * part) / whole) * unit;
  }
}
