// What a strategy needs.

export type { Arbitration, ArbitrationRefusal, Candidate, Score } from "./arbitrate.ts";
export { arbitrate, LEAST_CONFIDENCE, LEAST_LIQUIDITY } from "./arbitrate.ts";
export type { Range } from "./atr.ts";
export { Atr, TrueRange } from "./atr.ts";
export type { BollingerBands } from "./bollinger.ts";
export { Bollinger } from "./bollinger.ts";
// The same bits on every machine: elementary functions and randomness.
export { exp, ln } from "./elementary.ts";
export { Ema, Wilder } from "./ema.ts";
export type { QuantErrorCode } from "./error.ts";
export { QuantError } from "./error.ts";
export type { Estimator, Restorable } from "./estimator.ts";
export { evaluate } from "./estimator.ts";
export type { EwmaVolatilityOptions } from "./ewma-volatility.ts";
export { EwmaVolatility } from "./ewma-volatility.ts";
export type { View } from "./form-opinion.ts";
export { formOpinion } from "./form-opinion.ts";
export type { ChangePair, Hedge } from "./hedge-ratio.ts";
// Risk, hedging and performance.
export { correlationLowerBound, HedgeRatio } from "./hedge-ratio.ts";
export type { HistoricalVarOptions, QuantileConvention, TailRisk } from "./historical-var.ts";
export { HistoricalVar } from "./historical-var.ts";
export { LogReturn } from "./log-return.ts";
export { MaxDrawdown } from "./max-drawdown.ts";
export { normalCdf, normalQuantile } from "./normal.ts";
export type { Opinion, OpinionProblem } from "./opinion.ts";
export { checkOpinion } from "./opinion.ts";
export { normalVar, ParametricVar } from "./parametric-var.ts";
export { gaussian, Prng, uniform } from "./prng.ts";
export type { RealisedVolatilityOptions } from "./realised-volatility.ts";
export { RealisedVolatility } from "./realised-volatility.ts";
export { RollingMax, RollingMin } from "./rolling-extremes.ts";
export { Rsi } from "./rsi.ts";
export type { SharpeOptions } from "./sharpe.ts";
export { Sharpe } from "./sharpe.ts";
export { Sma } from "./sma.ts";
export type { Json, Snapshot } from "./snapshot.ts";
export { Cell, restoreParts, snapshotParts } from "./snapshot.ts";
export type { Bar, Strategy, StrategyInstance } from "./strategy.ts";
export { checkBar, defineStrategy } from "./strategy.ts";
export type { Claim, TrackRecordOptions } from "./track-record.ts";
export { TrackRecord } from "./track-record.ts";
