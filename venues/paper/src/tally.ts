import { add, type Money, money, negate, type Price, product, type Quantity, type Side } from "@countersign/orders";

/** What of a trade moves an account. */
export interface TalliedTrade {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly price: Price;
  /** Its scale is the account's money scale. */
  readonly commission: Money;
}

/**
 * What an account's trades have made of it. An exchange knows no deposits: cash is what the trades brought less what they cost, and their
 * commissions. Each trade's notional is rounded once, half-even, to the money scale.
 */
export class Tally {
  /** Net, by symbol; what was traded and is flat stays, with zero. */
  readonly positions = new Map<string, Quantity>();
  readonly cash = new Map<string, Money>();

  trade({ symbol, side, quantity, price, commission }: TalliedTrade): void {
    const { scale, currency } = commission;
    const notional = money(product(price, quantity, scale).units, scale, currency);
    const [bought, paid] = side === "BUY" ? [quantity, negate(notional)] : [negate(quantity), notional];
    count(this.positions, symbol, bought);
    count(this.cash, currency, add(paid, negate(commission)));
  }
}

function count<T extends Quantity | Money>(totals: Map<string, T>, name: string, change: T): void {
  const before = totals.get(name);
  totals.set(name, before === undefined ? change : add(before, change));
}
