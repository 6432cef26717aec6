import { positive } from "./checks.ts";
import { ln } from "./elementary.ts";
import type { Estimator } from "./estimator.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** Log return of the last price on the one before it; first value at index 1. Prices must be positive. */
export class LogReturn implements Estimator<number> {
  #price: number | undefined;
  #value: number | undefined;

  update(price: number): void {
    positive(price, "price");
    this.#value = this.#price === undefined ? undefined : ln(price / this.#price);
    this.#price = price;
  }

  get value(): number | undefined {
    return this.#value;
  }

  snapshot(): Snapshot {
    return { kind: "log-return", price: this.#price ?? null, value: this.#value ?? null };
  }

  restore(snapshot: unknown): void {
    const read = new SnapshotReader(snapshot, { kind: "log-return" });
    const [price, value] = [read.numberOrNothing("price"), read.numberOrNothing("value")];
    this.#price = price;
    this.#value = value;
  }
}
