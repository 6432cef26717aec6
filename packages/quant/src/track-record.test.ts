import { describe, expect, it } from "vitest";
import { TrackRecord } from "./track-record.ts";

const model = { expectedReturn: 0.02, confidence: 0.7 };

describe("track record", () => {
  it("without a record the model's claim stands", () => {
    expect(new TrackRecord({ horizonBars: 2 }).temper(model)).toEqual(model);
  });

  it("a call is judged at its horizon, not before, by the return in its direction", () => {
    const record = new TrackRecord({ horizonBars: 2, priorWeight: 1 });
    record.update(100);
    record.call(-0.5, 100);
    record.update(50);
    expect(record.judged).toBe(0);
    record.update(90);
    expect(record.judged).toBe(1);
    const claim = record.temper(model);
    expect(claim.expectedReturn).toBeCloseTo((0.02 + 0.1) / 2, 15);
    expect(claim.confidence).toBe((0.7 + 1) / 2);
  });

  it("a model that is always wrong ends with no expected return and hardly any confidence", () => {
    const record = new TrackRecord({ horizonBars: 1 });
    let price = 100;
    for (let i = 0; i < 200; i += 1) {
      record.update(price);
      record.call(1, price);
      price *= 0.99;
    }
    expect(record.temper(model).expectedReturn).toBe(0);
    expect(record.temper(model).confidence).toBeLessThan(0.07);
  });

  it("a price that stood still was not right", () => {
    const record = new TrackRecord({ horizonBars: 1, priorWeight: 1 });
    record.update(100);
    record.call(1, 100);
    record.update(100);
    expect(record.temper(model).confidence).toBe(0.35);
  });

  it("continues from a snapshot, open calls included", () => {
    const record = new TrackRecord({ horizonBars: 3 });
    for (const close of [100, 101, 99, 98, 97]) {
      record.update(close);
      record.call(close % 2 === 0 ? 1 : -1, close);
    }
    const again = new TrackRecord({ horizonBars: 3 });
    again.restore(JSON.parse(JSON.stringify(record.snapshot())));
    for (const close of [96, 99, 105, 104]) {
      record.update(close);
      again.update(close);
      expect(again.temper(model)).toEqual(record.temper(model));
    }
    expect(again.judged).toBe(5);
    expect(() => new TrackRecord({ horizonBars: 4 }).restore(record.snapshot())).toThrow(
      expect.objectContaining({ code: "BAD_SNAPSHOT" }),
    );
  });

  it("a call takes a side, at a price", () => {
    const record = new TrackRecord({ horizonBars: 1 });
    expect(() => record.call(0, 100)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => record.call(1, 0)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  it("a claim is a probability, the ends included, and finite", () => {
    const record = new TrackRecord({ horizonBars: 1 });
    expect(record.temper({ expectedReturn: 0, confidence: 1 }).confidence).toBe(1);
    for (const wrong of [{ confidence: 1.1 }, { confidence: Number.NaN }, { expectedReturn: Number.NaN }]) {
      expect(() => record.temper({ ...model, ...wrong })).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
  });
});
