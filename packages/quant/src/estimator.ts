import type { Snapshot } from "./snapshot.ts";

/** Whatever can be stopped, written down and continued elsewhere as if nothing had happened. */
export interface Restorable {
  /** Plain JSON; equal state gives equal JSON, and it survives JSON.stringify and JSON.parse unchanged. */
  snapshot(): Snapshot;
  /** Throws QuantError BAD_SNAPSHOT, and changes nothing, unless the snapshot fits this object's parameters. */
  restore(snapshot: unknown): void;
}

/**
 * A streaming estimator. `value` is undefined until it is defined: during warm-up, and where the statistic does not
 * exist (no variance, no movement). Undefined is never zero. `update` throws QuantError BAD_INPUT and changes nothing
 * when the observation is outside the domain.
 */
export interface Estimator<Input, Output = number> extends Restorable {
  update(x: Input): void;
  readonly value: Output | undefined;
}

/** The value after each observation. A batch is this and nothing else, so batch and stream agree bit for bit. */
export function evaluate<Input, Output>(
  estimator: Estimator<Input, Output>,
  inputs: Iterable<Input>,
): (Output | undefined)[] {
  const values: (Output | undefined)[] = [];
  for (const x of inputs) {
    estimator.update(x);
    values.push(estimator.value);
  }
  return values;
}
