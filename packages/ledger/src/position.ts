import { type Price, type Quantity, quantity } from "@countersign/orders";
import { closeLots, type Disposal, type Lot } from "./lots.ts";

/** What an account holds of one instrument. A position of zero does not exist. */
export interface Position {
  readonly symbol: string;
  /** Negative for a short. */
  readonly quantity: Quantity;
  /** What it cost, units of the account's money scale; for a short what it brought, negative. */
  readonly cost: bigint;
  readonly lots: readonly Lot[];
  readonly lastFillPrice: Price;
}

/** A fill as a position sees it: integers of the instrument's quantity scale and the account's money scale. */
export interface PositionFill {
  readonly fillId: string;
  readonly symbol: string;
  /** Negative for a sale. */
  readonly quantity: Quantity;
  readonly price: Price;
  /** Positive: price × quantity, rounded once. */
  readonly notional: bigint;
  readonly timeMs: number;
}

export interface PositionChange {
  /** Undefined when nothing is held any more. */
  readonly position: Position | undefined;
  /** Of the cost: what was opened, less what was relieved. */
  readonly costChange: bigint;
  readonly disposals: readonly Disposal[];
}

/**
 * Average cost over integers. The part of a fill that closes relieves ⌊cost × closed ÷ held⌋ and the rest stays; the part that opens
 * adds what it cost. A fill that crosses zero is split in ⌊notional × closed ÷ filled⌋ and the rest.
 */
export function applyToPosition(before: Position | undefined, fill: PositionFill): PositionChange {
  const held = before?.quantity.units ?? 0n;
  const filled = absolute(fill.quantity.units);
  const opposite = held < 0n !== fill.quantity.units < 0n;
  const closed = opposite ? smaller(absolute(held), filled) : 0n;
  const closedNotional = (fill.notional * closed) / filled;
  const openedCost = fill.notional - closedNotional;
  // A bigint division drops the fraction, which is the floor, as cost and quantity of a position have the same sign.
  const relieved = closed === 0n || before === undefined ? 0n : (before.cost * closed) / absolute(held);
  const costChange = (fill.quantity.units < 0n ? -openedCost : openedCost) - relieved;

  const kept = before?.lots ?? [];
  const { lots, disposals } =
    closed === 0n
      ? { lots: kept, disposals: [] }
      : closeLots(kept, { ...fill, quantity: closed, notional: closedNotional, of: held > 0n ? "long" : "short" });
  const opened = filled - closed;
  const { fillId, timeMs: openedMs } = fill;
  const after = held + fill.quantity.units;
  const position: Position = {
    symbol: fill.symbol,
    quantity: quantity(after, fill.quantity.scale),
    cost: (before?.cost ?? 0n) + costChange,
    lots: opened === 0n ? lots : [...lots, { fillId, quantity: opened, cost: openedCost, openedMs }],
    lastFillPrice: fill.price,
  };
  return { position: after === 0n ? undefined : position, costChange, disposals };
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
