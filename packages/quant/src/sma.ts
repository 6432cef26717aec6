import type { Moments } from "./moments.ts";
import { Windowed } from "./windowed.ts";

/** Simple moving average of the last `length` observations; first value at index length − 1. */
export class Sma extends Windowed {
  constructor(length: number) {
    super("sma", length);
  }

  protected from(moments: Moments): number {
    return moments.mean;
  }
}
