import { type Instrument, type Order, rescale, roundToLot, roundToTick } from "@countersign/orders";
import type { RejectCode, Submission } from "./messages.ts";

/** An order inside the venue, in the instrument's integers. Mutable: the venue owns it. */
export interface Working {
  readonly order: Order;
  /** Time priority. */
  readonly arrival: number;
  readonly buys: boolean;
  readonly quantity: bigint;
  readonly limit: bigint;
  readonly stop: bigint | undefined;
  /** No fill outside, also where a limit would allow a better price. */
  readonly bandLow: bigint;
  readonly bandHigh: bigint;
  /** It meets the first quote of this time or later … */
  readonly meetsFromMs: number;
  /** … whose sequence number is greater. */
  readonly sawQuoteSeq: bigint;
  leaves: bigint;
  /** On the way to its first quote; a stop waiting for its trigger; a limit in the queue; or over. */
  place: "arriving" | "stop" | "resting" | "canceled" | "expired" | "filled";
}

/** The order as integers, or why the instrument's steps do not take it. */
export function toWorking(
  submission: Submission,
  instrument: Instrument,
  { arrival, latencyMs }: { arrival: number; latencyMs: number },
): Working | RejectCode {
  const { order, receivedMs, sawQuoteSeq } = submission;
  const limit = roundToTick(order.limitPrice, instrument, "floor");
  const stop = order.stopPrice && roundToTick(order.stopPrice, instrument, "floor");
  const quantity = roundToLot(order.quantity, instrument, "floor");
  if (!same(limit, order.limitPrice) || (stop && order.stopPrice && !same(stop, order.stopPrice))) return "OFF_TICK";
  if (!same(quantity, order.quantity)) return "OFF_LOT";
  return {
    order,
    arrival,
    buys: order.side === "BUY",
    quantity: quantity.units,
    limit: limit.units,
    stop: stop?.units,
    bandLow: rescale(order.bandLow, instrument.priceScale, "ceil").units,
    bandHigh: rescale(order.bandHigh, instrument.priceScale, "floor").units,
    meetsFromMs: receivedMs + latencyMs,
    sawQuoteSeq: sawQuoteSeq ?? -1n,
    leaves: quantity.units,
    place: "arriving",
  };
}

export function isOpen(working: Working): boolean {
  return working.place === "arriving" || working.place === "stop" || working.place === "resting";
}

function same(a: Scaled, b: Scaled): boolean {
  return a.units * 10n ** BigInt(b.scale) === b.units * 10n ** BigInt(a.scale);
}

interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}
