import { QuantError } from "./error.ts";
import { checkNumber, checkOpinion, type Opinion, type OpinionProblem } from "./opinion.ts";

/** Below this an opinion is not heard. */
export const LEAST_CONFIDENCE = 0.4;
/** Liquidity counts for no less than this, so that a thin market lowers a score and cannot wipe out the ranking. */
export const LEAST_LIQUIDITY = 0.01;

export type Candidate = {
  readonly strategy: string;
  readonly weight: number;
  /** From 0 to 1. */
  readonly liquidity: number;
  readonly opinion: Opinion;
};

export type ArbitrationRefusal =
  | OpinionProblem
  /** Its confidence is below LEAST_CONFIDENCE. */
  | { readonly reason: "LOW_CONFIDENCE"; readonly field: "confidence" }
  /** It takes a side and expects nothing from it. Only an opinion to be flat may expect nothing. */
  | { readonly reason: "NO_EDGE"; readonly field: "expectedReturn" };

export type Score =
  | { readonly candidate: Candidate; readonly score: number }
  | { readonly candidate: Candidate; readonly refusal: ArbitrationRefusal };

export type Arbitration = { readonly winner: Candidate | undefined; readonly scores: readonly Score[] };

/**
 * Picks one opinion: the highest weight × confidence × expected return × liquidity; a tie goes to the name that comes
 * first by code units. An opinion to be flat scores 0, so it wins when nobody has a better idea. The order of the
 * candidates does not matter; scores come by name. Throws QuantError BAD_INPUT when a strategy speaks twice.
 */
export function arbitrate(candidates: readonly Candidate[]): Arbitration {
  const scores = candidates.map(judge).sort((a, b) => byName(a.candidate, b.candidate));
  scores.forEach((score, i) => {
    const name = score.candidate.strategy;
    if (name === scores[i + 1]?.candidate.strategy) throw new QuantError("BAD_INPUT", `${name} has two opinions`);
  });
  let best: { candidate: Candidate; score: number } | undefined;
  for (const score of scores) {
    if ("score" in score && (best === undefined || score.score > best.score)) best = score;
  }
  return { winner: best?.candidate, scores };
}

function judge(candidate: Candidate): Score {
  const { weight, liquidity, opinion } = candidate;
  const problem =
    checkOpinion(opinion) ??
    checkNumber("weight", weight, Number.MIN_VALUE, Number.MAX_VALUE) ??
    checkNumber("liquidity", liquidity, 0, 1);
  if (problem !== undefined) return { candidate, refusal: problem };
  if (opinion.confidence < LEAST_CONFIDENCE) {
    return { candidate, refusal: { reason: "LOW_CONFIDENCE", field: "confidence" } };
  }
  if (opinion.direction !== 0 && opinion.expectedReturn === 0) {
    return { candidate, refusal: { reason: "NO_EDGE", field: "expectedReturn" } };
  }
  const score = weight * opinion.confidence * opinion.expectedReturn * Math.max(liquidity, LEAST_LIQUIDITY);
  // Finite factors can overflow together; an infinite score would win every time.
  if (!Number.isFinite(score)) return { candidate, refusal: { reason: "NOT_FINITE", field: "score" } };
  return { candidate, score: opinion.direction === 0 ? 0 : score };
}

function byName(a: Candidate, b: Candidate): number {
  if (a.strategy === b.strategy) return 0;
  return a.strategy < b.strategy ? -1 : 1;
}
