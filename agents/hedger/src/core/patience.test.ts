import { expect, it } from "vitest";
import { type Patience, refusedAgain } from "./patience.ts";

it("the next bar, then 1, 3, 7 … bars more, and never more than 63", () => {
  const bars: number[] = [];
  let patience: Patience | undefined;
  for (let n = 0; n < 10; n++) {
    patience = refusedAgain(patience, 1_000, 10);
    bars.push((patience.untilMs - 1_000) / 10);
  }
  expect(bars).toEqual([0, 1, 3, 7, 15, 31, 63, 63, 63, 63]);
});
