import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demoOptions, inClone } from "./options.ts";
import { windowOf } from "./window.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-options-"));
  writeFileSync(join(dir, "MSFT.csv"), bars("2024-01-02", "2024-01-03", "2024-01-04"));
  writeFileSync(
    join(dir, "gold.csv"),
    "time,bid,ask\n2024-01-02T00:00:00Z,2060.10,2060.40\n2024-01-02T00:00:01Z,2060.20,2060.50\n",
  );
  writeFileSync(
    join(dir, "mine.ts"),
    'import { defineStrategy } from "@countersign/quant";\nexport default defineStrategy({ name: "mine", weight: 1, create: () => ({ onBar: () => undefined, snapshot: () => null, restore: () => {} }) });\n',
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

function bars(...days: readonly string[]): string {
  return ["Date,Open,High,Low,Close,Volume", ...days.map((day) => `${day},370.10,375.00,368.20,371.50,1000000`)].join(
    "\n",
  );
}

const caller = () => ({ cwd: dir, env: {} });
const failure = async (flags: Parameters<typeof demoOptions>[0]) =>
  demoOptions(flags, caller()).then(
    () => "nothing was refused",
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

describe("without options", () => {
  it("is the default run: AAPL and the S&P 500, a year and a month", async () => {
    const plan = await demoOptions({}, caller());
    expect(plan.isDefault).toBe(true);
    expect(plan.run).toMatchObject({
      seed: "1",
      traded: ["AAPL"],
      hedgeSymbol: "SPX",
      fromMs: Date.parse("2015-06-01"),
      intruderAfterFills: 10,
    });
    expect(plan.headline).toBe(
      "AAPL, hedged with the S&P 500 · real daily bars 2015-06-01 → 2016-06-30, four quotes made from each bar (docs/market-data.md)",
    );
    expect(plan.notices).toEqual([]);
    const facts = plan.facts({ fromMs: 0, toMs: 0 });
    expect(facts).toMatchObject({
      from: "2015-06-01",
      to: "2016-06-30",
      hedge: "SPX",
      market: { kind: "trace", files: [{ path: "markets/aapl-spx-1d.csv.gz", symbol: null }] },
    });
    expect(facts.strategies.map(({ path }) => path)).toEqual([
      "strategies/trend.ts",
      "strategies/mean-reversion.ts",
      "strategies/breakout.ts",
    ]);
  });

  it("stays the default run at another speed, and is not with another seed", async () => {
    expect((await demoOptions({ speed: "10", json: "report.json" }, caller())).isDefault).toBe(true);
    expect((await demoOptions({ seed: "2" }, caller())).isDefault).toBe(false);
  });

  it("reads a year before its window, and nothing after it", async () => {
    const { run } = await demoOptions({ from: "2016-01-01", to: "2016-01-31" }, caller());
    const times: number[] = [];
    for await (const batch of run.events) times.push(...batch.map(({ timeMs }) => timeMs));
    expect(new Date(times[0]!).toISOString()).toMatch(/^2014-1[12]/);
    expect(new Date(times.at(-1)!).toISOString()).toMatch(/^2016-01-29/);
  });
});

describe("a market of one's own", () => {
  it("is traded whole, under the limits for days, and says what those limits do not list", async () => {
    const plan = await demoOptions({ trace: ["MSFT.csv"] }, caller());
    expect(plan.run).toMatchObject({ traded: ["MSFT"], hedgeSymbol: undefined, fromMs: Number.NEGATIVE_INFINITY });
    expect(plan.headline).toBe("MSFT, not hedged · recorded bars, four quotes made from each (docs/market-data.md)");
    expect(plan.notices).toEqual([
      'limits/default.json does not list MSFT: its orders will be refused. Add it to "symbols" in a file for --limits',
    ]);
    expect(
      plan.facts({ fromMs: Date.parse("2024-01-02T10:00Z"), toMs: Date.parse("2024-01-04T20:00Z") }),
    ).toMatchObject({
      from: "2024-01-02",
      to: "2024-01-04",
    });
  });

  it("of quotes has the limits for a day; a symbol may be named before its file", async () => {
    const plan = await demoOptions({ trace: ["xauusd=gold.csv", "MSFT.csv"], hedge: "msft" }, caller());
    expect(plan.run).toMatchObject({ traded: ["XAUUSD"], hedgeSymbol: "MSFT", limits: { name: "intraday" } });
    expect(plan.market.isWithinADay).toBe(true);
    const { market } = plan.facts({ fromMs: 0, toMs: 0 });
    expect(market).toMatchObject({
      files: [
        { path: join(dir, "gold.csv"), symbol: "XAUUSD" },
        { path: join(dir, "MSFT.csv"), symbol: null },
      ],
    });
  });

  it("can be looked through twice, for the pace", async () => {
    const { market } = await demoOptions({ trace: ["MSFT.csv"] }, caller());
    const count = async ({ events }: typeof market) => {
      let total = 0;
      for await (const batch of events) total += batch.length;
      return total;
    };
    expect(await count(await market.again())).toBe(15);
    expect(await count(market)).toBe(15);
  });

  it("can be made from the seed", async () => {
    const plan = await demoOptions({ market: "simulated", seed: "007" }, caller());
    expect(plan.run).toMatchObject({ seed: "7", traded: ["XAUUSD"], hedgeSymbol: "EURUSD" });
    expect(plan.facts({ fromMs: Date.parse("2024-01-08"), toMs: Date.parse("2024-01-08T23:59Z") })).toMatchObject({
      market: { kind: "simulated" },
      from: "2024-01-08",
      to: "2024-01-08",
    });
  });
});

it("a strategy of one's own lies anywhere and takes the place of ours", async () => {
  const { run, facts } = await demoOptions({ strategy: ["mine.ts"] }, caller());
  expect(run.strategies.map(({ id }) => id)).toEqual([expect.stringMatching(/^strategy:mine@[0-9a-f]{12}$/)]);
  expect(facts({ fromMs: 0, toMs: 0 }).strategies[0]?.path).toBe(join(dir, "mine.ts"));
});

describe("what cannot be run is refused before anything starts, in one line", () => {
  it.each([
    [{ speed: "fast" }, "BAD_OPTION: --speed fast: write a number above zero, such as 10"],
    [{ speed: "0" }, "BAD_OPTION: --speed 0: write a number above zero, such as 10"],
    [{ seed: "x" }, "BAD_OPTION: --seed x: write a whole number, such as 7"],
    [
      { from: "yesterday" },
      "BAD_OPTION: --from yesterday: write a date such as 2015-06-01, or a time such as 2015-06-01T14:30",
    ],
    [{ from: "2015-02-30" }, "BAD_OPTION: --from 2015-02-30: "],
    [{ from: "2016-07-01" }, "BAD_OPTION: --from 2016-07-01 is not before --to 2016-06-30"],
    [{ hedge: "GOLD" }, "BAD_OPTION: --hedge GOLD: the market has AAPL, SPX alone; add its file to --trace"],
    [
      { trace: ["MSFT.csv"], hedge: "MSFT" },
      "BAD_OPTION: --hedge MSFT: nothing is left to trade; the market has MSFT alone",
    ],
    [
      { market: "simulated", from: "2015-01-01" },
      "BAD_OPTION: --market simulated makes a whole day by itself: leave --from out",
    ],
    [{ strategy: ["mine.ts", "mine.ts"] }, "BAD_OPTION: --strategy "],
    [{ strategy: ["none.ts"] }, "NO_SUCH_FILE: "],
    [{ limits: "none.json" }, "NO_SUCH_FILE: "],
    [{ trace: ["none.csv"] }, "NO_SUCH_FILE: "],
    [{ json: "nowhere/report.json" }, "BAD_OPTION: --json "],
  ])("%j", async (flags, line) => {
    const said = await failure(flags);
    expect(said.slice(0, line.length)).toBe(line);
    expect(said).not.toContain("\n");
  });
});

describe("a window", () => {
  it("of dates has whole days, the last one too; of times it is exact, UTC unless it says otherwise", () => {
    const day = Date.parse("2015-06-01T00:00:00Z");
    expect(windowOf("2015-06-01", "2015-06-01")).toEqual({ fromMs: day, toMs: day + 86_400_000 });
    expect(windowOf("2015-06-01T14:30", "2015-06-01T16:30+01:00")).toEqual({
      fromMs: day + 52_200_000,
      toMs: day + 55_800_000,
    });
    expect(windowOf(undefined, undefined)).toEqual({ fromMs: undefined, toMs: undefined });
  });
});

it("a file of the clone is named as it is there, so that a clone may be moved", () => {
  expect(inClone(cloneFile("limits/default.json"))).toBe("limits/default.json");
  expect(inClone("/elsewhere/limits.json")).toBe("/elsewhere/limits.json");
});
