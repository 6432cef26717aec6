import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { epochMsOf, parseTime } from "./time-text.ts";

const noon = Date.UTC(2014, 4, 2, 12, 30, 0);

describe("parseTime", () => {
  it.each([
    ["2014-05-02T12:30:00Z", noon],
    ["2014-05-02T14:30:00.123+02:00", noon + 123],
    ["2014-05-02 08:30:00-04:00", noon],
    ["2014-05-02 08:30:00-0400", noon],
    ["2014-05-02 12:30", noon],
    ["2014-05-02T12:30:00.123999Z", noon + 123],
    ["2014-05-02", Date.UTC(2014, 4, 2)],
    ["2014.05.02 12:30:00", noon],
    ["2014/05/02 12:30:00", noon],
    ["20140502", Date.UTC(2014, 4, 2)],
    ["20140502 123000", noon],
    ["20140502123000", noon],
    ["02.05.2014 12:30:00.046", noon + 46],
    [String(noon / 1000), noon],
    [`${noon / 1000}.046`, noon + 46],
    [String(noon), noon],
    [`${noon}.9`, noon],
    [`${noon}123`, noon],
    [`${noon}123456`, noon],
  ])("reads %s", (text, timeMs) => {
    expect(parseTime(text)).toBe(timeMs);
  });

  it.each([
    "",
    "05/02/2014",
    "2014-13-02",
    "2014-04-31",
    "2014-05-02T25:00:00Z",
    "12:30:00",
    "yesterday",
    "2014-05/02",
    "-5",
  ])("does not know %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it("reads back every instant that ISO 8601 can write, and the fast way agrees where it answers", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("2099-12-31"), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime());
        const text = String(date.getTime());
        const fast = epochMsOf(Buffer.from(text), 0, text.length);
        if (!Number.isNaN(fast)) expect(fast).toBe(parseTime(text));
      }),
    );
  });

  it("leaves everything but epoch milliseconds to the slow way", () => {
    for (const text of ["2014-05-02T12:30", "1399033800", "139903380000x"]) {
      expect(epochMsOf(Buffer.from(text), 0, text.length)).toBeNaN();
    }
  });
});
