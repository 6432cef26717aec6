import type { Told } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { plain } from "../terminal/style.ts";
import { alertLine, toldLine } from "./lines.ts";
import { prompt, reasonPrompt } from "./prompt.ts";

const atMs = Date.parse("2015-08-10T23:59:59.999Z");
const bought: Told = {
  n: 3,
  kind: "BOUGHT",
  atMs,
  what: "120 AAPL @ 127.61",
  because: "trend 0.42, sized by volatility",
  note: "permit 9f2c · votes 3/3",
  subject: "ab",
};
const refused: Told = {
  ...bought,
  n: 9,
  kind: "REFUSED",
  what: "buy 300 AAPL",
  because: "position 61 % of equity, limit 60 %",
  note: "",
};
const waiting: Told = {
  ...bought,
  n: 14,
  kind: "WAITING",
  what: "buy 410 AAPL",
  because: "order 49,200.00 USD, limit 40,000 USD",
  note: "yours to decide",
};
const wide = { style: plain, withTime: false };

describe("a told line", () => {
  it("stands in columns", () => {
    expect([bought, refused, waiting].map((told) => toldLine(told, wide))).toEqual([
      " #3  2015-08-10  BOUGHT    120 AAPL @ 127.61         trend 0.42, sized by volatility                permit 9f2c · votes 3/3",
      " #9  2015-08-10  REFUSED   buy 300 AAPL              position 61 % of equity, limit 60 %",
      " #14 2015-08-10  WAITING   buy 410 AAPL              order 49,200.00 USD, limit 40,000 USD: yours to decide",
    ]);
  });

  it("has the time of day where prices move within one", () => {
    expect(toldLine(refused, { ...wide, withTime: true })).toContain("2015-08-10 23:59:59  REFUSED");
  });

  it("loses part of its reason, then its note, on a narrow terminal, and never wraps", () => {
    const at = (width: number) => toldLine(bought, { ...wide, style: { ...plain, width } });
    expect(at(109)).toBe(
      " #3  2015-08-10  BOUGHT    120 AAPL @ 127.61         trend 0.42, sized by volatility  permit 9f2c · votes 3/3",
    );
    expect(at(102)).toBe(
      " #3  2015-08-10  BOUGHT    120 AAPL @ 127.61         trend 0.42, sized by vo…  permit 9f2c · votes 3/3",
    );
    expect(at(82)).toBe(" #3  2015-08-10  BOUGHT    120 AAPL @ 127.61         trend 0.42, sized by volatil…");
    expect(at(62)).toBe(" #3  2015-08-10  BOUGHT    120 AAPL @ 127.61         trend 0.…");
    for (let width = 40; width < 140; width++) expect(at(width).length).toBeLessThanOrEqual(width);
  });

  it("asks below a countdown, and keeps the keys where the line has no room", () => {
    expect(prompt(waiting, 28, wide)).toBe(`${toldLine(waiting, wide)}   a approve  r reject  w why   0:28`);
    const narrow = prompt(waiting, 9, { ...wide, style: { ...plain, width: 80 } });
    expect(narrow.length).toBeLessThanOrEqual(80);
    expect(narrow).toMatch(/a approve {2}r reject {2}w why {3}0:09$/);
  });
});

it("an alert says whose it is", () => {
  expect(alertLine("policy", "one-day VaR 5.1 %, limit 5 %", wide)).toBe(
    " !   ALERT     policy: one-day VaR 5.1 %, limit 5 %",
  );
});

it("a reason is typed behind its question", () => {
  expect(reasonPrompt("a test")).toMatch(/^trading is halted; .* {2}a test$/);
});
