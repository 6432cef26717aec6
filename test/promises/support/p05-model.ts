/**
 * An account, kept in the plainest way there is: the sums of what was paid, and the count of what is held. Shares nothing with the ledger
 * but the rule that every product of price and quantity, and every fee, is rounded once, half to even, to cents.
 */
export interface ModelFill {
  readonly side: "BUY" | "SELL";
  readonly quantity: bigint;
  /** In thousandths: between two ticks, so that there is something to round. */
  readonly price: bigint;
  /** In hundredths of a cent. */
  readonly fee: bigint;
}

export class Model {
  cash = 0n;
  deposits = 0n;
  fees = 0n;
  held = 0n;

  deposit(cents: bigint): void {
    this.cash += cents;
    this.deposits += cents;
  }

  fill({ side, quantity, price, fee }: ModelFill): void {
    const paid = rounded(quantity * price, 10n);
    const charged = rounded(fee, 100n);
    this.cash += (side === "BUY" ? -paid : paid) - charged;
    this.held += side === "BUY" ? quantity : -quantity;
    this.fees += charged;
  }

  /** Cash and the position at these prices, in cents: bid and ask in cents. */
  equity(bid: bigint, ask: bigint): bigint {
    return this.cash + this.held * (this.held > 0n ? bid : ask);
  }
}

/** n ÷ d to the nearest whole, half to even; n ≥ 0. */
function rounded(n: bigint, d: bigint): bigint {
  const floor = n / d;
  const twice = (n % d) * 2n;
  if (twice !== d) return twice < d ? floor : floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}
