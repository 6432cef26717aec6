import { finite } from "./checks.ts";
import { Wilder } from "./ema.ts";
import type { Estimator } from "./estimator.ts";
import { restoreParts, type Snapshot, SnapshotReader } from "./snapshot.ts";

/**
 * Relative strength index, Wilder (1978): 100·g/(g + l) over Wilder averages of gains and losses; first value at index
 * `length`. Undefined when nothing moved (g + l = 0), where TA-Lib says 0: no movement is no oversold market.
 */
export class Rsi implements Estimator<number> {
  readonly #gain: Wilder;
  readonly #loss: Wilder;
  #previous: number | undefined;

  constructor(length = 14) {
    this.#gain = new Wilder(length);
    this.#loss = new Wilder(length);
  }

  update(close: number): void {
    const x = finite(close, "close");
    if (this.#previous !== undefined) {
      const change = x - this.#previous;
      this.#gain.update(Math.max(change, 0));
      this.#loss.update(Math.max(-change, 0));
    }
    this.#previous = x;
  }

  get value(): number | undefined {
    const [gain, loss] = [this.#gain.value, this.#loss.value];
    if (gain === undefined || loss === undefined || gain + loss === 0) return undefined;
    return (100 * gain) / (gain + loss);
  }

  get seedWeight(): number {
    return this.#gain.seedWeight;
  }

  snapshot(): Snapshot {
    return {
      kind: "rsi",
      previous: this.#previous ?? null,
      gain: this.#gain.snapshot(),
      loss: this.#loss.snapshot(),
    };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "rsi" });
    const previous = read.numberOrNothing("previous");
    restoreParts({ gain: this.#gain, loss: this.#loss }, { gain: read.part("gain"), loss: read.part("loss") });
    this.#previous = previous;
  }
}
