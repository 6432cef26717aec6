import { create } from "@bufbuild/protobuf";
import { type Bar, BarSchema } from "@countersign/contracts";
import { expect, it } from "vitest";
import { readBar } from "./bars.ts";

const whole = {
  symbol: "AAPL",
  openTimeMs: 1_000n,
  closeTimeMs: 2_000n,
  openUnits: 101n,
  highUnits: 104n,
  lowUnits: 99n,
  closeUnits: 102n,
  priceScale: 2,
  volumeUnits: 25n,
  quantityScale: 1,
};

it("reads a closed bar as numbers", () => {
  expect(readBar(create(BarSchema, whole))).toEqual({
    symbol: "AAPL",
    openTimeMs: 1_000,
    closeTimeMs: 2_000,
    open: 1.01,
    high: 1.04,
    low: 0.99,
    close: 1.02,
    volume: 2.5,
  });
});

it.each(Object.keys(whole))("a bar without %s is none", (field) => {
  const bar = create(BarSchema, whole);
  delete bar[field as keyof Bar];
  expect(readBar(bar)).toBeUndefined();
});

it.each([
  { lowUnits: 0n },
  { lowUnits: 102n, openUnits: 102n, closeUnits: 101n },
  { highUnits: 100n },
  { closeTimeMs: 1_000n },
  { volumeUnits: -1n },
])("a bar that cannot be is none: %o", (change) => {
  expect(readBar(create(BarSchema, { ...whole, ...change }))).toBeUndefined();
});
