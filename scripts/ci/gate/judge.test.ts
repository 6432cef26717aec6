import { expect, test } from "vitest";
import { EVENTS_MIN, judge, type Measured } from "./judge.ts";

const objective = { agent: "policy", slo: "validate-p95", ratio: 0.95 };
const good: Measured = { bad: 0.01, events: 5_000 };
const passes = (now: Measured, before: Measured | "none" = good) => judge({ objective, now, before }).passes;

test("an objective that is kept as before passes", () => {
  expect(passes(good)).toBe(true);
});

test("an objective that is not measured fails", () => {
  expect(passes({ bad: undefined, events: 5_000 })).toBe(false);
  expect(passes({ bad: Number.NaN, events: 5_000 })).toBe(false);
  expect(passes({ bad: 0.01, events: undefined })).toBe(false);
});

test("a share of too few events fails, and of just enough passes", () => {
  expect(passes({ bad: 0, events: EVENTS_MIN - 1 })).toBe(false);
  expect(passes({ bad: 0, events: EVENTS_MIN })).toBe(true);
});

test("a spent budget fails, though it was spent before too", () => {
  const spent = { bad: 0.051, events: 5_000 };
  expect(passes(spent, spent)).toBe(false);
});

test("worse than before by more than a fifth of the budget fails, and by less passes", () => {
  expect(passes({ bad: 0.021, events: 5_000 })).toBe(false);
  expect(passes({ bad: 0.019, events: 5_000 })).toBe(true);
});

test("without a measure from before the release it fails, unless nothing ran there", () => {
  expect(passes(good, { bad: undefined, events: 5_000 })).toBe(false);
  expect(passes(good, { bad: 0.01, events: 1 })).toBe(false);
  expect(passes(good, "none")).toBe(true);
});
