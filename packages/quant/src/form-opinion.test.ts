import { expect, it } from "vitest";
import { formOpinion, type View } from "./form-opinion.ts";
import { TrackRecord } from "./track-record.ts";

const view: View = {
  bar: { symbol: "X", openTimeMs: 0, closeTimeMs: 60_000, open: 100, high: 100, low: 100, close: 100, volume: 1 },
  direction: -0.5,
  model: { expectedReturn: 0.02, confidence: 0.8 },
  seedWeight: 0.05,
  features: { z: -2 },
  because: "The test says so.",
};

it("a side carries the model's claim, less what is still seed, and is noted in the record", () => {
  const record = new TrackRecord({ horizonBars: 3 });
  expect(formOpinion(record, view)).toEqual({
    direction: -0.5,
    confidence: 0.8 * 0.95,
    expectedReturn: 0.02,
    horizonMs: 180_000,
    features: { z: -2, judged: 0 },
    because: "The test says so.",
  });
  for (let i = 0; i < 3; i += 1) record.update(90);
  expect(record.judged).toBe(1);
  expect(formOpinion(record, view)).toMatchObject({ features: { judged: 1 } });
});

it("flat is certain, expects nothing and is no call", () => {
  const record = new TrackRecord({ horizonBars: 1 });
  expect(formOpinion(record, { ...view, direction: 0 })).toMatchObject({ confidence: 1, expectedReturn: 0 });
  record.update(90);
  expect(record.judged).toBe(0);
});
