/** One strategy at work on one symbol, and what it thinks at present. */
import type { ClosedBar } from "@countersign/proposer";
import { checkOpinion, type Opinion, type Strategy, type StrategyInstance } from "@countersign/quant";
import type { SignalConfig } from "../config.ts";
import { SignalError } from "./error.ts";

export interface Seat {
  /** strategy:name@digest */
  readonly strategy: string;
  readonly weight: number;
  readonly instance: StrategyInstance;
  standing: Standing | undefined;
}

/** What a strategy thinks, since when. */
export interface Standing {
  readonly strategy: string;
  readonly weight: number;
  readonly opinion: Opinion;
  readonly sinceMs: number;
}

export function seat(id: string, strategy: Strategy, symbol: string): Seat {
  return { strategy: id, weight: strategy.weight, instance: strategy.create(symbol), standing: undefined };
}

/** Whether it spoke. Throws SignalError `STRATEGY_THREW`, `BAD_OPINION`. */
export function hear(seat: Seat, bar: ClosedBar, watch: SignalConfig["watch"]): boolean {
  const { strategy, weight, instance } = seat;
  const opinion = run(strategy, instance, bar, watch);
  if (opinion === undefined) return false;
  const problem = checkOpinion(opinion);
  if (problem !== undefined) {
    const { field, reason } = problem;
    throw new SignalError(
      "BAD_OPINION",
      `${strategy} on ${nameOf(bar)} said something impossible: ${field}, ${reason}`,
    );
  }
  seat.standing = { strategy, weight, opinion, sinceMs: bar.closeTimeMs };
  return true;
}

/** An opinion is over when its horizon is. */
export function stands({ opinion, sinceMs }: Standing, atMs: number): boolean {
  return atMs - sinceMs <= opinion.horizonMs;
}

function run(
  strategy: string,
  instance: StrategyInstance,
  bar: ClosedBar,
  watch: SignalConfig["watch"],
): Opinion | undefined {
  const done = watch?.(strategy);
  try {
    return instance.onBar(bar);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SignalError("STRATEGY_THREW", `${strategy} threw on ${nameOf(bar)}: ${text}`, { cause });
  } finally {
    done?.();
  }
}

function nameOf({ symbol, openTimeMs }: ClosedBar): string {
  return `the bar of ${symbol} at ${new Date(openTimeMs).toISOString()}`;
}
