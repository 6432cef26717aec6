/** What a strategy thinks of one symbol, until it speaks again. */
export type Opinion = {
  /** From −1 to 1: the sign is the side, the size the strength; 0 means flat. */
  direction: number;
  /** From 0 to 1: how probable it is that the direction is right at the horizon. */
  confidence: number;
  /** Simple return over the horizon *in the direction*, a fraction, never negative. */
  expectedReturn: number;
  horizonMs: number;
  /** The numbers the opinion was made from. */
  features: Record<string, number>;
  /** One plain sentence. */
  because: string;
};

export type OpinionProblem = {
  readonly reason: "NOT_FINITE" | "OUT_OF_RANGE" | "MALFORMED";
  readonly field: string;
};

/** The first thing wrong with an opinion, or undefined. An opinion with a problem must never be traded. */
export function checkOpinion(opinion: Opinion): OpinionProblem | undefined {
  if (typeof opinion !== "object" || opinion === null) return { reason: "MALFORMED", field: "opinion" };
  return (
    checkNumber("direction", opinion.direction, -1, 1) ??
    checkNumber("confidence", opinion.confidence, 0, 1) ??
    checkNumber("expectedReturn", opinion.expectedReturn, 0, Number.MAX_VALUE) ??
    checkNumber("horizonMs", opinion.horizonMs, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER) ??
    checkFeatures(opinion.features) ??
    (typeof opinion.because === "string" && opinion.because.trim() !== ""
      ? undefined
      : { reason: "MALFORMED", field: "because" })
  );
}

/** Number.isFinite is false for everything that is no number, so a string or a missing field is refused as well. */
export function checkNumber(field: string, x: number, least: number, most: number): OpinionProblem | undefined {
  if (!Number.isFinite(x)) return { reason: "NOT_FINITE", field };
  return x < least || x > most ? { reason: "OUT_OF_RANGE", field } : undefined;
}

function checkFeatures(features: Opinion["features"]): OpinionProblem | undefined {
  if (typeof features !== "object" || features === null) return { reason: "MALFORMED", field: "features" };
  const wrong = Object.keys(features).find((name) => !Number.isFinite(features[name]));
  return wrong === undefined ? undefined : { reason: "NOT_FINITE", field: `features.${wrong}` };
}
