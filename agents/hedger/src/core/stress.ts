/** Whether the volatility of the hedge is up: above 1.3 times its mean of the 20 bars before, until it is below 1.05 times that mean. */
import { EwmaVolatility, LogReturn, Sma } from "@countersign/quant";

const BEGINS_ABOVE = 1.3;
const ENDS_BELOW = 1.05;
const BARS = 20;

export class Stress {
  readonly #logReturn = new LogReturn();
  readonly #volatility = new EwmaVolatility();
  readonly #usual = new Sma(BARS);
  #isUp = false;

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Deviation of one bar's log return; undefined before the first, and while nothing moves. */
  get perBar(): number | undefined {
    return this.#volatility.value;
  }

  update(close: number): void {
    this.#logReturn.update(close);
    if (this.#logReturn.value === undefined) return;
    this.#volatility.update(this.#logReturn.value);
    const now = this.#volatility.value;
    if (now === undefined) return;
    const usual = this.#usual.value;
    this.#usual.update(now);
    if (usual !== undefined) this.#isUp = now > (this.#isUp ? ENDS_BELOW : BEGINS_ABOVE) * usual;
  }

  snapshot(): StressSnapshot {
    const [logReturn, volatility, usual] = [this.#logReturn, this.#volatility, this.#usual].map((part) =>
      part.snapshot(),
    );
    return { logReturn, volatility, usual, isUp: this.#isUp };
  }

  restore({ logReturn, volatility, usual, isUp }: StressSnapshot): void {
    this.#logReturn.restore(logReturn);
    this.#volatility.restore(volatility);
    this.#usual.restore(usual);
    this.#isUp = isUp;
  }
}

export interface StressSnapshot {
  readonly logReturn: unknown;
  readonly volatility: unknown;
  readonly usual: unknown;
  readonly isUp: boolean;
}
