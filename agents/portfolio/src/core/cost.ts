import { toNumber } from "@countersign/orders";
import type { Target } from "./target.ts";

/** Spread and fees there and back, and the cover's, as a fraction of the order's value. */
export function costOf({ instrument, last, quantity }: Extract<Target, { ok: true }>, coverCost: number): number {
  const bid = toNumber(last.bid);
  const ask = toNumber(last.ask);
  const mid = (bid + ask) / 2;
  const size = toNumber(quantity);
  const feePerUnit = toNumber(instrument.feePerUnit) + (mid * toNumber(instrument.feeBps)) / 10_000;
  return (ask - bid) / mid + (2 * feePerUnit) / mid + coverCost / (mid * size);
}
