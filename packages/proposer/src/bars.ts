import type { Bar } from "@countersign/contracts";

/** A closed bar as estimators take it: statistics, never money. */
export interface ClosedBar {
  readonly symbol: string;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Undefined for a bar in which something is missing or impossible: no estimator is fed with it. */
export function readBar(wire: Bar): ClosedBar | undefined {
  const { symbol, openTimeMs, closeTimeMs, priceScale, quantityScale } = wire;
  const { openUnits, highUnits, lowUnits, closeUnits, volumeUnits } = wire;
  if (!symbol || openTimeMs === undefined || closeTimeMs === undefined) return undefined;
  if (openUnits === undefined || highUnits === undefined || lowUnits === undefined) return undefined;
  if (closeUnits === undefined || volumeUnits === undefined) return undefined;
  if (priceScale === undefined || quantityScale === undefined) return undefined;
  const isInOrder =
    lowUnits <= openUnits && lowUnits <= closeUnits && highUnits >= openUnits && highUnits >= closeUnits;
  if (!isInOrder || lowUnits <= 0n || volumeUnits < 0n || closeTimeMs <= openTimeMs) return undefined;
  const price = (units: bigint): number => Number(units) / 10 ** priceScale;
  return {
    symbol,
    openTimeMs: Number(openTimeMs),
    closeTimeMs: Number(closeTimeMs),
    open: price(openUnits),
    high: price(highUnits),
    low: price(lowUnits),
    close: price(closeUnits),
    volume: Number(volumeUnits) / 10 ** quantityScale,
  };
}
