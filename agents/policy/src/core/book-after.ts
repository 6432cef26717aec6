import { equityOf, type Mark } from "@countersign/ledger";
import type { Price, Quantity, Side } from "@countersign/orders";
import { signedQuantity } from "@countersign/orders";
import { fromFixed, larger, magnitude, minus, plus, type Rational, times, zero } from "./rational.ts";
import { type Missing, missing } from "./refusal.ts";
import type { Scene } from "./scene.ts";
import type { SeenQuote } from "./view.ts";

/**
 * The book after the trade, with all open orders, in the worst case over partial fills: any subset of them may be filled, each at
 * any price up to its limit, with the market where it is now.
 *
 * 1. A position is worst where all buys or all sells of its symbol are filled: |position| is convex in what is filled.
 * 2. Equity is worst where everything is filled at its limit and pays its fee. Marking at the closing side is superadditive (two
 *    books together are worth no less than each alone), so no subset and no order of fills costs more than the sum of these.
 */
export interface BookAfter {
  /** As the ledger counts it: cash and every position at its closing side. Before the trade. */
  readonly equityNow: Rational;
  /** After it, worst case. Positive: without equity there is no share of it. */
  readonly equity: Rational;
  /** By symbol: what is held or might be. */
  readonly positions: ReadonlyMap<string, PositionAfter>;
}

export interface PositionAfter {
  /** Value at the closing side with all sells filled, and with all buys filled. Negative for a short. */
  readonly low: Rational;
  readonly high: Rational;
  readonly quote: SeenQuote;
}

export function bookAfter(scene: Scene): BookAfter | Missing {
  const { state, money } = scene;
  const working = workingOrders(scene);
  const positions = new Map<string, PositionAfter>();
  const marks: Mark[] = [];
  let loss = zero;
  for (const symbol of new Set([...Object.keys(state.book.positions), ...working.map((order) => order.symbol)])) {
    const quote = quoteOf(scene, symbol);
    if (quote === undefined) return missing("NO_MARK", `no price of ${symbol} is known`); // P10.mark
    const [bid, ask] = [fromFixed(quote.bid), fromFixed(quote.ask)];
    const held = state.book.positions[symbol]?.quantity;
    let [low, high] = held === undefined ? [zero, zero] : [fromFixed(held), fromFixed(held)];
    for (const order of working) {
      if (order.symbol !== symbol) continue;
      const quantity = fromFixed(order.leaves);
      if (order.side === "BUY") high = plus(high, quantity);
      else low = minus(low, quantity);
      loss = plus(loss, worstLoss(scene, order, quote));
    }
    positions.set(symbol, { low: valueAt(low, bid, ask), high: valueAt(high, bid, ask), quote });
    if (held !== undefined) marks.push({ symbol, price: held.units > 0n ? quote.bid : quote.ask, quote: quote.ref });
  }
  const now = equityOf(state.book, marks);
  if (now === undefined) return missing("NO_EQUITY", "nothing was ever deposited");
  const equityNow = fromFixed(now);
  const equity = minus(equityNow, loss);
  if (equity.num <= 0n) return missing("NO_EQUITY", `no equity is left of the account in ${money.currency}`); // P10.equity
  return { equityNow, equity, positions };
}

/** The larger of the two ends. */
export function exposure({ low, high }: PositionAfter): Rational {
  return larger(magnitude(low), magnitude(high));
}

export function grossExposure({ positions }: BookAfter): Rational {
  return [...positions.values()].map(exposure).reduce(plus, zero);
}

export interface WorkingOrder {
  readonly symbol: string;
  readonly side: Side;
  readonly leaves: Quantity;
  readonly limitPrice: Price;
  readonly principal: string;
}

/** Everything that is permitted or at the venue, and the order that is asked for. */
export function workingOrders({ state, order }: Scene): readonly WorkingOrder[] {
  return [...Object.values(state.orders), { ...order, leaves: order.quantity }];
}

export function notionalOf({ leaves, limitPrice }: WorkingOrder): Rational {
  return times(fromFixed(leaves), fromFixed(limitPrice));
}

export function quoteOf({ view }: Scene, symbol: string): SeenQuote | undefined {
  return view.symbols.get(symbol)?.quote;
}

/**
 * Whether the order can only bring the position nearer to zero: opposite side, and |position| not larger and not of the other sign
 * even when every other order on the order's side is filled first.
 */
export function isReducing({ state, order }: Pick<Scene, "state" | "order">): boolean {
  const held = state.book.positions[order.symbol]?.quantity;
  if (held === undefined || held.units > 0n === signedQuantity(order).units > 0n) return false;
  const others = Object.values(state.orders).filter(
    ({ symbol, side }) => symbol === order.symbol && side === order.side,
  );
  const leaving = others.map(({ leaves }) => fromFixed(leaves)).reduce(plus, fromFixed(order.quantity));
  return minus(magnitude(fromFixed(held)), leaving).num >= 0n;
}

function valueAt(quantity: Rational, bid: Rational, ask: Rational): Rational {
  return times(quantity, quantity.num > 0n ? bid : ask);
}

/** Paid above the bid, or got below the ask, and the fee: what the fill costs, marked at the side at which it can be closed. */
function worstLoss({ config }: Scene, order: WorkingOrder, quote: SeenQuote): Rational {
  const quantity = fromFixed(order.leaves);
  const limit = fromFixed(order.limitPrice);
  const slip = order.side === "BUY" ? minus(limit, fromFixed(quote.bid)) : minus(fromFixed(quote.ask), limit);
  const instrument = config.instruments.get(order.symbol);
  if (instrument === undefined) throw new Error(`broken invariant: ${order.symbol} has a quote and no instrument`);
  const share = times(fromFixed(instrument.feeBps), { num: 1n, den: 10_000n });
  const fee = plus(times(times(quantity, limit), share), times(quantity, fromFixed(instrument.feePerUnit)));
  return plus(larger(times(quantity, slip), zero), larger(fee, zero));
}
