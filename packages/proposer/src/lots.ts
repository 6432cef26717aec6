/** Where a proposer's floats end: in whole lots to trade, and in a band of prices on the tick. */
import type { LastQuote } from "@countersign/ledger";
import {
  fromNumber,
  type Instrument,
  type Price,
  price,
  type Quantity,
  quantity,
  roundToLot,
  roundToTick,
  type Side,
  toNumber,
} from "@countersign/orders";

/** What brings a position from where it is to where it is wanted. */
export interface Trade {
  readonly side: Side;
  /** Positive. */
  readonly quantity: Quantity;
  /** It only takes away from what is held. */
  readonly reduces: boolean;
  /** It takes away all that is held and goes on to the other side. */
  readonly turns: boolean;
  /** The part of it that is new risk: all of it, but for what it takes away. */
  readonly opens: Quantity;
}

/** Units of the quantity scale, signed and in whole lots, never more than `size`. Throws OrdersError `BAD_DECIMAL` for no number. */
export function wholeLots(size: number, instrument: Instrument): bigint {
  const { units, scale } = fromNumber(Math.abs(size), instrument.quantityScale, "floor");
  const whole = roundToLot(quantity(units, scale), instrument, "floor").units;
  return size < 0 ? -whole : whole;
}

/** From `held` to `target`, both signed units of the quantity scale; undefined when they are the same. */
export function tradeTo(target: bigint, held: bigint, { quantityScale }: Instrument): Trade | undefined {
  if (target === held) return undefined;
  const isSameSide = held > 0n === target > 0n && held !== 0n && target !== 0n;
  const turns = held !== 0n && target !== 0n && !isSameSide;
  const reduces = target === 0n || (isSameSide && absolute(target) < absolute(held));
  const opens = reduces ? 0n : isSameSide ? absolute(target - held) : absolute(target);
  return {
    side: target > held ? "BUY" : "SELL",
    quantity: quantity(absolute(target - held), quantityScale),
    reduces,
    turns,
    opens: quantity(opens, quantityScale),
  };
}

/**
 * The prices an order may trade at: `width`, a share of the price, beyond either side of the touch, but no narrower than 0.1 %. Rounded
 * inwards, to the tick; at least one tick.
 */
export function bandAround(last: LastQuote, width: number, instrument: Instrument): { low: Price; high: Price } {
  const share = Math.max(BAND_MIN, width);
  const low = edge(toNumber(last.bid) * (1 - share), instrument, "ceil");
  const high = edge(toNumber(last.ask) * (1 + share), instrument, "floor");
  return { low: low.units > 0n ? low : price(instrument.tick, instrument.priceScale), high };
}

/** For statistics alone. */
export function midOf({ bid, ask }: LastQuote): number {
  return (toNumber(bid) + toNumber(ask)) / 2;
}

/** What trading `size` there and back costs at this touch, in the instrument's currency: its spread once, its fee twice. */
export function roundTripCost(size: number, last: LastQuote, { feeBps, feePerUnit }: Instrument): number {
  const fee = toNumber(feePerUnit) + (midOf(last) * toNumber(feeBps)) / 10_000;
  return size * (toNumber(last.ask) - toNumber(last.bid) + 2 * fee);
}

const BAND_MIN = 0.001;

function edge(value: number, instrument: Instrument, rounding: "floor" | "ceil"): Price {
  const { units, scale } = fromNumber(value, instrument.priceScale, rounding);
  return roundToTick(price(units, scale), instrument, rounding);
}

function absolute(n: bigint): bigint {
  return n < 0n ? -n : n;
}
