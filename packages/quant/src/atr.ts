import { finite } from "./checks.ts";
import { Wilder } from "./ema.ts";
import { QuantError } from "./error.ts";
import type { Estimator } from "./estimator.ts";
import { restoreParts, type Snapshot, SnapshotReader } from "./snapshot.ts";

export type Range = { readonly high: number; readonly low: number; readonly close: number };

/** True range, Wilder (1978): the bar's range, stretched to the close before it; first value at index 1. */
export class TrueRange implements Estimator<Range> {
  #previousClose: number | undefined;
  #value: number | undefined;

  update(bar: Range): void {
    const [high, low, close] = [finite(bar.high, "high"), finite(bar.low, "low"), finite(bar.close, "close")];
    if (high < low) throw new QuantError("BAD_INPUT", `high ${high} is below low ${low}`);
    const previous = this.#previousClose;
    this.#value = previous === undefined ? undefined : Math.max(high, previous) - Math.min(low, previous);
    this.#previousClose = close;
  }

  get value(): number | undefined {
    return this.#value;
  }

  snapshot(): Snapshot {
    return { kind: "true-range", previousClose: this.#previousClose ?? null, value: this.#value ?? null };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "true-range" });
    const [previousClose, value] = [read.numberOrNothing("previousClose"), read.numberOrNothing("value")];
    this.#previousClose = previousClose;
    this.#value = value;
  }
}

/**
 * Average true range: Wilder's average of the true ranges from index 1 on (TA-Lib; the range of bar 0 has no close
 * before it and is left out); first value at index `length`. Zero, when nothing ever moved, counts as undefined.
 */
export class Atr implements Estimator<Range> {
  readonly #trueRange = new TrueRange();
  readonly #average: Wilder;

  constructor(length = 14) {
    this.#average = new Wilder(length);
  }

  update(bar: Range): void {
    this.#trueRange.update(bar);
    if (this.#trueRange.value !== undefined) this.#average.update(this.#trueRange.value);
  }

  get value(): number | undefined {
    return this.#average.value === 0 ? undefined : this.#average.value;
  }

  get seedWeight(): number {
    return this.#average.seedWeight;
  }

  snapshot(): Snapshot {
    return { kind: "atr", trueRange: this.#trueRange.snapshot(), average: this.#average.snapshot() };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "atr" });
    restoreParts(
      { trueRange: this.#trueRange, average: this.#average },
      { trueRange: read.part("trueRange"), average: read.part("average") },
    );
  }
}
