import { expect, it } from "vitest";
import { dueMs, paceOf, reanchor } from "./pace.ts";

const day = { fromMs: 1_000_000, toMs: 1_000_000 + 86_400_000 };

it("the window takes as long as it should, its events at their share of it", () => {
  const pace = paceOf(day, 60, 500);
  expect(dueMs(pace, day.fromMs)).toBe(500);
  expect(dueMs(pace, day.fromMs + 43_200_000)).toBeCloseTo(30_500);
  expect(dueMs(pace, day.toMs)).toBeCloseTo(60_500);
});

it("time that stood still is not made up for", () => {
  const pace = reanchor(paceOf(day, 60, 500), 90_000, day.fromMs + 43_200_000);
  expect(dueMs(pace, day.fromMs + 43_200_000)).toBe(90_000);
  expect(dueMs(pace, day.toMs)).toBeCloseTo(120_000);
});

it("a window of one event is due at once", () => {
  expect(dueMs(paceOf({ fromMs: 5, toMs: 5 }, 60, 500), 5)).toBe(500);
});
