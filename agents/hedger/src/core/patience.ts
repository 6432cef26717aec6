/** After a hedge came to nothing: when it is asked for again. Somebody may have been asked and said no, or have been away. */
export interface Patience {
  /** In a row. */
  readonly refusals: number;
  /** Decision time. */
  readonly untilMs: number;
}

/** Exponential backoff in bars: again on the next one, then 1, 3, 7 … bars later, 63 at most. */
export function refusedAgain(before: Patience | undefined, nowMs: number, barMs: number): Patience {
  const refusals = (before?.refusals ?? 0) + 1;
  const bars = Math.min(2 ** (refusals - 1), BARS_MAX) - 1;
  return { refusals, untilMs: nowMs + bars * barMs };
}

const BARS_MAX = 64;
