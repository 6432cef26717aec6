import { describe, expect, it } from "vitest";
import { type Bar, checkBar, defineStrategy, type Strategy } from "./strategy.ts";

const instance = { onBar: () => undefined, snapshot: () => ({}), restore: () => undefined };
const good: Strategy = { name: "buy-and-hold", weight: 1, create: () => instance };
const bar: Bar = {
  symbol: "XAU/USD",
  openTimeMs: 0,
  closeTimeMs: 60_000,
  open: 2,
  high: 3,
  low: 1,
  close: 2,
  volume: 0,
};

describe("defineStrategy", () => {
  it("gives back a strategy of the right shape, frozen", () => {
    const strategy = defineStrategy(good);
    expect([strategy.name, strategy.weight, strategy.create("X")]).toEqual(["buy-and-hold", 1, instance]);
    expect(Object.isFrozen(strategy)).toBe(true);
  });

  it.each([
    ["name", { name: "" }],
    ["name", { name: "Buy and hold" }],
    ["name", { name: "trend@1" }],
    ["weight", { weight: 0 }],
    ["weight", { weight: Number.NaN }],
    ["create", JSON.parse('{"create": null}') as Partial<Strategy>],
  ])("names the field %s that is wrong", (field, change) => {
    expect(() => defineStrategy({ ...good, ...change })).toThrow(
      expect.objectContaining({ code: "BAD_STRATEGY", message: expect.stringMatching(new RegExp(`^${field} `)) }),
    );
  });

  it("checks the instance when it is created", () => {
    const incomplete = { ...instance, ...(JSON.parse('{"restore": 1}') as object) };
    expect(() => defineStrategy({ ...good, create: () => incomplete }).create("X")).toThrow(
      expect.objectContaining({ code: "BAD_STRATEGY", message: "create().restore must be a function" }),
    );
  });
});

describe("checkBar", () => {
  it("lets a possible bar pass", () => {
    expect(() => checkBar(bar, "XAU/USD")).not.toThrow();
  });

  it.each<Partial<Bar>>([
    { symbol: "EUR/USD" },
    { close: Number.NaN },
    { open: 0 },
    { low: -1 },
    { high: Number.POSITIVE_INFINITY },
    { high: 1.5 },
    { low: 2.5 },
    { volume: -1 },
    { volume: Number.NaN },
    { closeTimeMs: 0 },
    { openTimeMs: Number.NaN },
  ])("refuses %o", (change) => {
    expect(() => checkBar({ ...bar, ...change }, "XAU/USD")).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
});
