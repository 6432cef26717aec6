import { create } from "@bufbuild/protobuf";
import { type Fill, FillSchema, ProposeRequestSchema, Side } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Day } from "../../test/day.ts";
import { logRecords } from "./records.ts";
import { taxCsv, taxRows } from "./tax.ts";

const DAY_MS = 86_400_000;
const deposit = { depositId: "d", account: "main", amount: { units: 1_000_000_00n, scale: 2, currency: "USD" } };

interface Traded {
  /** Negative: sold. */
  readonly quantity: bigint;
  readonly cents: bigint;
  readonly fee?: bigint;
  readonly on: string;
}

/** The log of an account that traded so, each fill an entry of its own. */
async function logOf(trades: readonly Traded[]): Promise<readonly string[]> {
  const day = await Day.open();
  await day.post(create(ProposeRequestSchema, { content: { case: "deposit", value: deposit } }).content);
  for (const [n, trade] of trades.entries()) {
    const value = { account: "main", fills: [fillOf(trade, n)], marks: [] };
    await day.post(create(ProposeRequestSchema, { content: { case: "fills", value } }).content);
  }
  return day.file();
}

const rowsOf = async (trades: readonly Traded[]) => taxRows(logRecords(await logOf(trades)));

function fillOf({ quantity, cents, fee = 0n, on }: Traded, n: number): Fill {
  return create(FillSchema, {
    ...{ fillId: `f${n}`, executionId: `e${n}`, account: "main", symbol: "AAPL" },
    side: quantity > 0n ? Side.BUY : Side.SELL,
    lastQty: { units: quantity > 0n ? quantity : -quantity, scale: 0 },
    lastPx: { units: cents, scale: 2 },
    commission: { units: fee, scale: 2, currency: "USD" },
    transactTimeMs: BigInt(Date.parse(on)),
  });
}

describe("tax rows", () => {
  it("close the oldest lots first, and share out what both fills cost", async () => {
    const rows = await rowsOf([
      { quantity: 10n, cents: 100_00n, fee: 10n, on: "2015-01-02T15:00Z" },
      { quantity: 10n, cents: 110_00n, fee: 7n, on: "2015-02-02T15:00Z" },
      { quantity: -15n, cents: 120_00n, fee: 10n, on: "2015-03-02T15:00Z" },
    ]);
    expect(rows).toMatchObject([
      // All of the first fill's 10 cents, and ten fifteenths of the closing one's; then the rest, and half of 7.
      {
        quantity: 10n,
        proceeds: 1_200_00n,
        cost: 1_000_00n,
        fees: 16n,
        gain: 199_84n,
        holdingDays: 59,
        openedBy: "f0",
      },
      { quantity: 5n, proceeds: 600_00n, cost: 550_00n, fees: 7n, gain: 49_93n, holdingDays: 28, openedBy: "f1" },
    ]);
  });

  it("of what was sold short have what it brought as proceeds, and are of short term", async () => {
    const [row, ...more] = await rowsOf([
      { quantity: -10n, cents: 100_00n, on: "2013-01-02" },
      { quantity: 25n, cents: 90_00n, fee: 5n, on: "2015-01-02" },
    ]);
    expect(more).toEqual([]);
    // Two fifths of the fee closed the short; the rest went into the long that it opened.
    expect(row).toMatchObject({ position: "short", proceeds: 1_000_00n, cost: 900_00n, fees: 2n, gain: 99_98n });
    expect(row).toMatchObject({ term: "short", holdingDays: 730 });
  });

  it.each([
    ["2015-01-02T23:59:59Z", "2016-01-02T00:00:00Z", 365, "short"],
    ["2015-01-02T00:00:00Z", "2016-01-03T00:00:00Z", 366, "long"],
    ["2016-02-29T12:00:00Z", "2017-03-01T12:00:00Z", 366, "short"],
    ["2016-02-29T12:00:00Z", "2017-03-02T12:00:00Z", 367, "long"],
  ])("held from %s to %s are %i days, and %s", async (opened, closed, holdingDays, term) => {
    const rows = await rowsOf([
      { quantity: 1n, cents: 100n, on: opened },
      { quantity: -1n, cents: 100n, on: closed },
    ]);
    expect(rows).toMatchObject([{ holdingDays, term }]);
  });

  it("add up, once nothing is held: proceeds − cost is what was realised, and all fees are in them", async () => {
    const trade = fc.record({
      quantity: fc.bigInt({ min: -30n, max: 30n }).filter((units) => units !== 0n),
      cents: fc.bigInt({ min: 1n, max: 500_00n }),
      fee: fc.bigInt({ min: -3n, max: 99n }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(trade, { minLength: 1, maxLength: 6 }), async (some) => {
        const held = some.reduce((sum, { quantity }) => sum + quantity, 0n);
        const closing = held === 0n ? [] : [{ quantity: -held, cents: 77_00n, fee: 13n }];
        const trades = [...some, ...closing];
        const rows = await rowsOf(trades.map((one, n) => ({ ...one, on: new Date(n * DAY_MS).toISOString() })));
        const sum = (pick: (row: (typeof rows)[number]) => bigint) => rows.reduce((all, row) => all + pick(row), 0n);
        const paid = trades.reduce((all, { quantity, cents }) => all - quantity * cents, 0n);
        const fees = trades.reduce((all, { fee }) => all + fee, 0n);
        expect([sum(({ proceeds, cost }) => proceeds - cost), sum(({ fees: own }) => own)]).toEqual([paid, fees]);
        expect(sum(({ gain }) => gain)).toBe(paid - fees);
      }),
      { numRuns: 15 },
    );
  });

  it("as CSV are exact decimals", async () => {
    const csv = taxCsv(
      logRecords(
        await logOf([
          { quantity: 3n, cents: 10_01n, fee: 1n, on: "2015-01-02T15:00Z" },
          { quantity: -2n, cents: 9_99n, on: "2015-01-05T15:00Z" },
        ]),
      ),
    );
    expect(csv.split("\r\n").slice(1)).toEqual([
      "main,2015-01-02T15:00:00.000Z,2015-01-05T15:00:00.000Z,AAPL,long,2,19.98,20.02,0.00,-0.04,USD,3,short,f0,f1",
      "",
    ]);
  });
});
