import { expect, it } from "vitest";
import { duration } from "./duration.ts";

it.each([
  [-5, "0 s"],
  [119_999, "119 s"],
  [120_000, "2 min"],
  [7_199_999, "119 min"],
  [7_200_000, "2 h"],
  [7_500_000, "2 h 5 min"],
  [172_800_000, "2 d"],
])("%i ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
