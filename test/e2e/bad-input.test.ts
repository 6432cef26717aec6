// Whatever a user hands to the demo: one clear line with the cure, an exit code other than 0, nothing half written, nobody left working.
import { readFileSync } from "node:fs";
import { cloneFile } from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, Place } from "./support/command.ts";

const SHORT = ["--from", "2015-08-03", "--to", "2015-08-14"];

let place: Place;
beforeAll(() => {
  place = new Place();
  const days = readFileSync(cloneFile("markets/aapl-spx-1d.csv.gz"));
  place.write("cut.csv.gz", days.subarray(0, days.length / 10));
  place.write("diary.txt", "dear diary, today I bought\nand then I sold\n");
  place.write("nan.csv", `${BARS}2015-06-03,10.00,NaN,9.00,10.00,100\n`);
  place.write("columns.csv", "date,open,high,low\n2015-06-01,10.00,11.00,9.00\n");
  const limits = readFileSync(cloneFile("limits/default.json"), "utf8");
  place.write("typo.json", limits.replace('"order_notional"', '"order_notionl"'));
  place.write("one-symbol.json", limits.replace('["AAPL", "SPX"]', '["AAPL"]'));
  place.write("throws.ts", strategy("throws", 'if (seen === 70) throw new Error("no more ideas");'));
  place.write("loops.ts", strategy("loops", "while (seen >= 70) seen++;"));
  place.write("nothing.ts", "export const strategy = 3;\n");
});
afterAll(() => place[Symbol.asyncDispose]());

describe("refused before anything starts:", () => {
  it.each<[string, readonly string[], number, readonly string[]]>([
    [
      "a file that is not there",
      ["--trace", "AAPL=none.csv"],
      1,
      ["none.csv: there is no such file", "Check the path"],
    ],
    [
      "a text file",
      ["--trace", "AAPL=diary.txt"],
      1,
      ["diary.txt:1:", '"dear diary, today I bought"', "A trace begins with a header: time, bid, ask"],
    ],
    [
      "a missing column",
      ["--trace", "AAPL=columns.csv"],
      1,
      ["columns.csv:1:", 'no column "close"', "found date, open, high, low", "A trace begins with a header"],
    ],
    [
      "a symbol to hedge with that the market does not have",
      ["--hedge", "MSFT"],
      2,
      ["--hedge MSFT", "the market has AAPL, SPX alone", "add its file to --trace"],
    ],
    [
      "limits with a typo",
      ["--limits", "typo.json"],
      1,
      ["typo.json:9:", "rules[0].metric", "'order_notionl'", 'did you mean "order_notional"?'],
    ],
    [
      "a strategy file without a strategy",
      ["--strategy", "nothing.ts"],
      1,
      ["nothing.ts: has no strategy as its default export", "export default defineStrategy("],
    ],
    ["a day that there is not", ["--from", "2015-02-30"], 2, ["--from 2015-02-30: there is no such day"]],
    ["a date in words", ["--to", "yesterday"], 2, ["--to yesterday", "write a date such as 2015-06-01"]],
    [
      "an end before its beginning",
      ["--from", "2015-09-01", "--to", "2015-08-01"],
      2,
      ["--from 2015-09-01 is not before --to 2015-08-01"],
    ],
  ])("%s", async (_, options, code, pieces) => {
    const ended = await place.run(["demo", ...options]);
    expectOneLine(ended, pieces);
    expect([ended.code, ended.out]).toEqual([code, ""]);
    await expectNothingLeft();
  });

  it("an option that npm kept for itself", async () => {
    const ended = await place.run(["demo"], { npm_lifecycle_event: "demo", npm_config_limits: "typo.json" });
    expectOneLine(ended, ["npm kept --limits typo.json for itself", "Write: npm run demo -- --limits typo.json"]);
    expect([ended.code, ended.out]).toEqual([2, ""]);
    await expectNothingLeft();
  });
});

describe("stopped on the way:", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    [
      "a gzip that was cut off",
      ["--trace", "AAPL=cut.csv.gz"],
      ["cut.csv.gz", "the compressed data stops before its end", "Download or copy the file again"],
    ],
    [
      "NaN in a row",
      ["--trace", "AAPL=nan.csv"],
      ["nan.csv:4:", '"NaN" is no decimal number', "Repair the cell, or leave it empty"],
    ],
    [
      "a window in which there is nothing",
      ["--from", "2030-01-01", "--to", "2030-02-01"],
      ["no usable row in the time asked for", "Check --from and --to"],
    ],
    [
      "a strategy that throws",
      ["--strategy", "throws.ts", ...SHORT],
      ["strategy:throws@", "the bar of AAPL at 2014-", "no more ideas"],
    ],
  ])("%s", async (_, options, pieces) => {
    const ended = await place.run(["demo", ...options]);
    expectOneLine(ended, pieces);
    expect(ended.code).toBe(1);
    await expectNothingLeft();
  });

  it("a strategy that never comes back", async () => {
    const started = place.start(["demo", "--strategy", "loops.ts", ...SHORT]);
    await started.saw("countersign demo");
    const begun = performance.now();
    const ended = await started.ended;
    expectOneLine(ended, ["strategy:loops@", "has not come back from one bar in 10 s", "mend the loop in its onBar"]);
    // 10 s, and what it takes to begin on a machine that has other work.
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(ended.code).not.toBe(0);
    await expectNothingLeft();
  });
});

it("a symbol that the limits do not list is said beforehand, and its orders are refused", async () => {
  const { code, out, err } = await place.run(["demo", "--limits", "one-symbol.json", ...SHORT]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^note: .*one-symbol\.json does not list SPX: its orders will be refused\. Add it to "symbols"/m);
  expect(out).toMatch(/^ #\d+ .*REFUSED +(buy|sell) [\d.]+ SPX /m);
  expect(out).not.toContain("HEDGED");
});

function expectOneLine({ err }: Ended, pieces: readonly string[]): void {
  expect(err).toMatch(/^countersign: [^\n]+\n$/);
  for (const piece of pieces) expect(err).toContain(piece);
}

/** These come before the one run here that ends well. */
async function expectNothingLeft(): Promise<void> {
  expect(await place.strays()).toEqual([]);
  expect(place.runs).toEqual([]);
}

const BARS = `date,open,high,low,close,volume
2015-06-01,10.00,11.00,9.00,10.00,100
2015-06-02,10.00,11.00,9.00,10.00,100
`;

/** One that does nothing but this on each bar, of which it has seen so many. */
function strategy(name: string, deed: string): string {
  return `import { defineStrategy } from "@countersign/quant";

export default defineStrategy({
  name: "${name}",
  weight: 1,
  create() {
    let seen = 0;
    return {
      onBar() {
        seen++;
        ${deed}
        return undefined;
      },
      snapshot: () => ({}),
      restore: () => {},
    };
  },
});
`;
}
