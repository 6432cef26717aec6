import { finite, positive } from "./checks.ts";
import { QuantError } from "./error.ts";
import type { Opinion } from "./opinion.ts";

/** One closed bar. Prices are in quote currency and positive; times are milliseconds since 1970-01-01 UTC. */
export type Bar = {
  symbol: string;
  openTimeMs: number;
  closeTimeMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
};

/** A strategy at work on one symbol. No clock, no randomness: the same bars give the same opinions. */
export interface StrategyInstance {
  /** An opinion when it has changed materially, otherwise undefined. Throws QuantError BAD_INPUT on a bar that is none. */
  onBar(bar: Bar): Opinion | undefined;
  /** Plain JSON. */
  snapshot(): unknown;
  restore(snapshot: unknown): void;
}

export interface Strategy {
  /** Lower case words joined by hyphens; orders name it as their principal. */
  readonly name: string;
  /** Its weight in the arbitration, positive. */
  readonly weight: number;
  create(symbol: string): StrategyInstance;
}

/** Checks the shape, so that a strategy file with a mistake fails when it is loaded: QuantError BAD_STRATEGY names the field. */
export function defineStrategy(strategy: Strategy): Strategy {
  if (typeof strategy !== "object" || strategy === null) throw bad("strategy", "must be an object");
  if (typeof strategy.name !== "string" || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(strategy.name)) {
    throw bad("name", "must be lower case words joined by hyphens");
  }
  if (!Number.isFinite(strategy.weight) || strategy.weight <= 0) throw bad("weight", "must be a positive number");
  if (typeof strategy.create !== "function") throw bad("create", "must be a function");
  return Object.freeze({ ...strategy, create: (symbol: string) => checkInstance(strategy.create(symbol)) });
}

/** Throws QuantError BAD_INPUT unless this is a possible bar of the symbol. Call it before any state changes. */
export function checkBar(bar: Bar, symbol: string): void {
  if (bar.symbol !== symbol)
    throw new QuantError("BAD_INPUT", `bar of ${bar.symbol} given to an instance for ${symbol}`);
  for (const name of ["open", "high", "low", "close"] as const) positive(bar[name], name);
  if (finite(bar.volume, "volume") < 0) throw new QuantError("BAD_INPUT", `volume is negative: ${bar.volume}`);
  if (bar.low > Math.min(bar.open, bar.close) || bar.high < Math.max(bar.open, bar.close)) {
    throw new QuantError("BAD_INPUT", "open and close must lie between low and high");
  }
  if (!(finite(bar.openTimeMs, "openTimeMs") < finite(bar.closeTimeMs, "closeTimeMs"))) {
    throw new QuantError("BAD_INPUT", "a bar must close after it opens");
  }
}

function checkInstance(instance: StrategyInstance): StrategyInstance {
  for (const method of ["onBar", "snapshot", "restore"] as const) {
    if (typeof instance?.[method] !== "function") throw bad(`create().${method}`, "must be a function");
  }
  return instance;
}

function bad(field: string, rule: string): QuantError {
  return new QuantError("BAD_STRATEGY", `${field} ${rule}`);
}
