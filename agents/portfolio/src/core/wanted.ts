import type { Signal } from "@countersign/contracts";
import { checkOpinion, type OpinionProblem } from "@countersign/quant";

/** What a signal asks for. */
export interface Wanted {
  readonly symbol: string;
  readonly signalId: string;
  readonly strategy: string;
  readonly direction: number;
  readonly confidence: number;
  readonly expectedReturn: number;
  readonly explanation: string;
  /** Decision time at which the opinion is over. */
  readonly untilMs: number;
  readonly attempt: number;
}

/** A number that is missing is none: `problemOf` finds it. */
export function readSignal(signal: Signal, signalId: string, nowMs: number): Wanted {
  const { symbol = "", strategy = "", explanation = "", horizonMs } = signal;
  const { direction = Number.NaN, confidence = Number.NaN, expectedReturn = Number.NaN } = signal;
  const untilMs = horizonMs === undefined ? Number.NaN : nowMs + Number(horizonMs);
  return { symbol, signalId, strategy, direction, confidence, expectedReturn, explanation, untilMs, attempt: 0 };
}

/** The first thing without which nothing may be traded on it, or undefined. */
export function problemOf(wanted: Wanted, nowMs: number): OpinionProblem | undefined {
  if (wanted.symbol === "") return { reason: "MALFORMED", field: "symbol" };
  if (wanted.strategy === "") return { reason: "MALFORMED", field: "strategy" };
  const { direction, confidence, expectedReturn, explanation: because, untilMs } = wanted;
  return checkOpinion({ direction, confidence, expectedReturn, horizonMs: untilMs - nowMs, features: {}, because });
}
