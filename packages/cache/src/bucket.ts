/**
 * The token bucket as one number: when it will be full again (the generic cell rate algorithm, ITU-T I.371, "theoretical arrival time").
 * What is missing from the bucket is the time until then, divided by the time that one token takes. The Lua script in redis/scripts.ts is
 * the same sum.
 */
export interface Limit {
  readonly perSecond: number;
  /** Tokens in a full bucket; a share of a limit may hold less than one. */
  readonly burst: number;
}

export interface Ask {
  readonly want: number;
  /** Fewer than this is nothing. */
  readonly atLeast: number;
}

export interface Grant {
  readonly granted: number;
  /** 0 when granted. */
  readonly retryAfterMs: number;
  readonly fullAtUs: number;
}

/** Of a token: the rounding of float64 must not cost a whole one. It is added to the level, not to the state, so it never adds up. */
const ROUNDING = 1e-6;

export function spend(fullAtUs: number, nowUs: number, { want, atLeast }: Ask, { perSecond, burst }: Limit): Grant {
  const tokenUs = 1e6 / perSecond;
  const fromUs = Math.max(fullAtUs, nowUs);
  const level = burst - (fromUs - nowUs) / tokenUs + ROUNDING;
  const whole = Math.min(want, Math.max(0, Math.floor(level)));
  // A bucket smaller than the least that may be asked would refuse for ever: full, it pays and owes the rest. In the long run the rate holds.
  const needed = Math.min(atLeast, burst);
  const granted = whole >= atLeast ? whole : level >= needed ? atLeast : 0;
  const retryAfterMs = granted > 0 ? 0 : Math.ceil(((needed - level) * tokenUs) / 1000);
  return { granted, retryAfterMs, fullAtUs: granted > 0 ? Math.ceil(fromUs + granted * tokenUs) : fullAtUs };
}

/** The bucket after `spent` tokens were used elsewhere: emptied by as much, at most to nothing. */
export function drain(fullAtUs: number, nowUs: number, spent: number, { perSecond, burst }: Limit): number {
  const tokenUs = 1e6 / perSecond;
  return Math.min(Math.max(fullAtUs, nowUs) + spent * tokenUs, Math.max(fullAtUs, Math.ceil(nowUs + burst * tokenUs)));
}
