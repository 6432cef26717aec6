/**
 * What the venue holds, laid beside what is held here: each execution, order, position and sum of money comes into exactly one class.
 *
 *   matched         both say the same
 *   unknown-fill    an execution that was not told here
 *   orphan-order    open at the venue, and none of ours that is open
 *   missing-order   open for us, and not at the venue
 *   ambiguous       written, not answered yet, and it may still arrive: nothing can be said of it
 *   drift           both have it, and the figures differ
 *
 * Nothing is guessed, because both sides are of one moment (see `Look`): an execution on its way is in neither.
 */
import { compare, type Fixed, formatFixed, isTerminal, money, quantity } from "@countersign/orders";
import { type CoreConfig, WINDOW_MS } from "./config.ts";
import type { Look, OpenAtVenue, VenueFill } from "./edge-input.ts";
import type { Closed, ExecutionState, HeldOrder } from "./state.ts";

export type FindingClass = "matched" | "unknown-fill" | "orphan-order" | "missing-order" | "ambiguous" | "drift";

export interface Finding {
  readonly class: FindingClass;
  /** `execution 7`, `order <client order id>`, `position AAPL`, `cash USD`. */
  readonly about: string;
  /** Both figures, in words; empty when they match. */
  readonly text: string;
  /** Of what closes the account when it lasts. */
  readonly code?: Closed["code"];
}

export function classifyFills({ orders, executedThrough }: ExecutionState, { venue, executions }: Look): Finding[] {
  const through = BigInt(executedThrough[venue] ?? "0");
  return executions.map(({ clientOrderId, executionId }: VenueFill) => {
    const about = `execution ${executionId}`;
    const held = orders[clientOrderId];
    // Of an order that is forgotten by now: it was told, and is counted in position and cash.
    const isKnown = held === undefined ? BigInt(executionId) <= through : held.state.executionIds.includes(executionId);
    if (isKnown) return matched(about);
    const whose = held === undefined ? "of no order of ours" : `of our order ${clientOrderId}`;
    return { class: "unknown-fill", about, text: `${about}, ${whose}, was not told` };
  });
}

/** Orders, positions and cash. All fills of the look are in the state already. */
export function classifyHoldings(config: CoreConfig, state: ExecutionState, look: Look): Finding[] {
  return [...classifyOrders(state, look), ...classifyPositions(state, look), ...classifyCash(config, state, look)];
}

function classifyOrders({ orders }: ExecutionState, look: Look): Finding[] {
  const open = Object.values(orders).filter(({ state }) => !isTerminal(state));
  const there = new Map(look.orders.map((order) => [order.clientOrderId, order]));
  const ids = new Set([...open.map(({ order }) => order.clientOrderId), ...there.keys()]);
  return [...ids].sort().map((id) => {
    const [held, atVenue] = [orders[id], there.get(id)];
    if (atVenue === undefined) return classifyUnseen(held!, look.timeMs);
    if (held !== undefined && !isTerminal(held.state)) return classifyOpen(held, atVenue);
    const text = `the venue works order ${id}, which is ${held ? "over for us" : "not ours"}`;
    return { class: "orphan-order", about: `order ${id}`, text, code: "ORDER_UNEXPLAINED" };
  });
}

/** Open for us, and not at the venue: perhaps it has not arrived there. `timeMs` is the venue's clock, as the window is. */
function classifyUnseen({ order, state, acceptedMs = 0 }: HeldOrder, timeMs: number): Finding {
  const { clientOrderId } = order;
  const about = `order ${clientOrderId}`;
  // As long again as its window: whoever was not answered has to ask for it, when nothing that he wrote can arrive any more.
  if (!state.acknowledged && timeMs <= acceptedMs + 2 * WINDOW_MS)
    return { class: "ambiguous", about, text: `${about} is on its way` };
  const text = `order ${clientOrderId} works for us, and the venue does not have it`;
  return { class: "missing-order", about, text, code: "ORDER_MISSING" };
}

function classifyOpen({ order, state }: HeldOrder, there: OpenAtVenue): Finding {
  const about = `order ${order.clientOrderId}`;
  if (order.symbol !== there.symbol || order.side !== there.side) {
    const text = `${about}: ${order.side} ${order.symbol} here, ${there.side} ${there.symbol} at the venue`;
    return { class: "drift", about, text, code: "ORDER_DRIFT" };
  }
  const whole = classifyFigures(`${about}, ordered`, state.orderQty, there.quantity, "ORDER_DRIFT");
  const filled = classifyFigures(`${about}, filled`, state.cumQty, there.cumQty, "ORDER_DRIFT");
  const worse = whole.class === "matched" ? filled : whole;
  return { ...worse, about };
}

function classifyPositions({ book: { positions } }: ExecutionState, look: Look): Finding[] {
  const symbols = new Set([...Object.keys(positions), ...Object.keys(look.positions)]);
  return [...symbols].sort().map((symbol) => {
    const [here, there] = [positions[symbol]?.quantity ?? NOTHING, look.positions[symbol] ?? NOTHING];
    return classifyFigures(`position ${symbol}`, here, there, "POSITION_DRIFT");
  });
}

/** Without the deposits, of which the venue knows nothing. */
function classifyCash({ instruments }: CoreConfig, { book }: ExecutionState, look: Look): Finding[] {
  const own = book.money && money(book.cash - book.deposits, book.money.scale, book.money.currency);
  const currencies = new Set([...(own ? [own.currency] : []), ...Object.keys(look.cash)]);
  // The venue rounds each trade to its instrument's decimals, the book to the account's: where these are others, so may be the sums.
  const isRounded = [...instruments.values()].some(
    (one) => one.currency === own?.currency && one.moneyScale !== own.scale,
  );
  if (own !== undefined && isRounded) currencies.delete(own.currency);
  return [...currencies].sort().map((currency) => {
    const none = money(0n, 0, currency);
    const here = own?.currency === currency ? own : none;
    return classifyFigures(`cash ${currency}`, here, look.cash[currency] ?? none, "CASH_DRIFT");
  });
}

function classifyFigures<T extends Fixed>(about: string, here: T, there: T, code: Closed["code"]): Finding {
  if (compare(here, there) === 0) return matched(about);
  const text = `${about}: ${formatFixed(here)} here, ${formatFixed(there)} at the venue`;
  return { class: "drift", about, text, code };
}

function matched(about: string): Finding {
  return { class: "matched", about, text: "" };
}

const NOTHING = quantity(0n, 0);
