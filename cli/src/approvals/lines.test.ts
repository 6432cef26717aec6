import type { Asked } from "@countersign/platform";
import { expect, it } from "vitest";
import { askedLines, outcomeLine } from "./lines.ts";

const asked = {
  approvalId: "0123456789abcdef",
  words: "BUY 350 AAPL at 131.50 USD or better, for strategy:trend@1, proposed by portfolio",
  why: "order 46,025.00 USD, limit 40,000 USD",
  expiresAtMs: 61_000,
  needed: 2,
  approvedBy: ["person:ann"],
} as unknown as Asked;

it("shows an order in words, why a person is asked, and how long there is", () => {
  expect(askedLines(asked, 1_500)).toEqual([
    "0123456789ab  BUY 350 AAPL at 131.50 USD or better, for strategy:trend@1, proposed by portfolio",
    "              because order 46,025.00 USD, limit 40,000 USD",
    "              60 s left; 2 persons are needed, person:ann said yes",
  ]);
  expect(askedLines({ ...asked, needed: 1, approvedBy: [] }, 70_000)[2]?.trim()).toBe("0 s left; 1 person is needed");
});

it("says what became of it", () => {
  const one = { ...asked, needed: 1 };
  const permitted = { isPermitted: true, code: "", explanation: "within all 12 limits" };
  const rejected = { isPermitted: false, code: "PRICE_DRIFT", explanation: "the price has moved" };
  expect(outcomeLine(one, true, permitted)).toBe(
    "0123456789ab  approved: Policy has permitted it, within all 12 limits",
  );
  expect(outcomeLine(one, true, rejected)).toBe(
    "0123456789ab  approved: the order is over, PRICE_DRIFT: the price has moved",
  );
  expect(outcomeLine(asked, true, undefined)).toMatch(
    /approved, and on record; 2 persons are needed, or Policy has not/,
  );
  expect(outcomeLine(one, false, undefined)).toMatch(/rejected, and on record; Policy has not said anything yet/);
});
