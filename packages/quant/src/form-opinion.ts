import type { Opinion } from "./opinion.ts";
import type { Bar } from "./strategy.ts";
import type { Claim, TrackRecord } from "./track-record.ts";

export type View = {
  readonly bar: Bar;
  /** From −1 to 1; 0 is flat. */
  readonly direction: number;
  /** What the strategy's model expects, before its record has been asked. */
  readonly model: Claim;
  /** The share of an indicator's value that still is its seed; that much is taken off the confidence. */
  readonly seedWeight: number;
  readonly features: Record<string, number>;
  readonly because: string;
};

/**
 * An opinion from a strategy's view, tempered by its record, which notes the call. To be flat expects nothing and is
 * certain: it says that the reason for a position has gone, which the strategy knows, and nothing about the market.
 */
export function formOpinion(
  record: TrackRecord,
  { bar, direction, model, seedWeight, features, because }: View,
): Opinion {
  const { expectedReturn, confidence } = record.temper(model);
  const opinion = {
    direction,
    confidence: direction === 0 ? 1 : confidence * (1 - seedWeight),
    expectedReturn: direction === 0 ? 0 : expectedReturn,
    horizonMs: record.horizonBars * (bar.closeTimeMs - bar.openTimeMs),
    features: { ...features, judged: record.judged },
    because,
  };
  if (direction !== 0) record.call(direction, bar.close);
  return opinion;
}
