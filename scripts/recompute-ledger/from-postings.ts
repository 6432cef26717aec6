/** One side of the identity: cash and what is held, from the postings alone. It knows no fill, no cost and no deposit. */
import { decimal, type Nano, nano, nanoOf, worth } from "./decimal.ts";
import type { Mark, Posting } from "./ledger-file.ts";

export class Postings {
  /** "money:USD/cash" → balance. */
  readonly #balances = new Map<string, Nano>();

  /** Says what does not balance: debits are positive, and of one event they sum to zero in each ledger. */
  book(postings: readonly Posting[]): readonly string[] {
    const sums = new Map<string, Nano>();
    for (const { entry, ledger, account, amount } of postings) {
      const value = nano(amount);
      const place = `${ledger}/${account}`;
      this.#balances.set(place, this.balance(place) + value);
      const event = `the postings of ${entry.slice(0, 8)} in ${ledger}`;
      sums.set(event, (sums.get(event) ?? 0n) + value);
    }
    return [...sums].flatMap(([event, sum]) => (sum === 0n ? [] : [`${event} sum to ${decimal(sum)}`]));
  }

  balance(place: string): Nano {
    return this.#balances.get(place) ?? 0n;
  }

  /** By symbol, what is not zero. */
  get held(): ReadonlyMap<string, Nano> {
    const held = new Map<string, Nano>();
    for (const [place, size] of this.#balances) {
      const symbol = /^quantity:(.+)\/holdings$/.exec(place)?.[1];
      if (symbol !== undefined && size !== 0n) held.set(symbol, size);
    }
    return held;
  }

  /** Undefined when an open position has no mark. */
  positionValue(marks: readonly Mark[], places: number): Nano | undefined {
    let value = 0n;
    for (const [symbol, size] of this.held) {
      const mark = marks.find((candidate) => candidate.symbol === symbol);
      if (mark === undefined) return undefined;
      value += worth(size, nanoOf(mark.price), places);
    }
    return value;
  }
}
