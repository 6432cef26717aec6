import { type Instrument, money, parseInstruments, price, quantity } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyDeposit,
  applyFill,
  type Book,
  type BookedFill,
  checkIdentity,
  type Disposal,
  type Entry,
  emptyBook,
  emptyPerformance,
  equityOf,
  type Mark,
  type Performance,
  performDeposit,
  performFill,
  post,
  type TrialBalance,
} from "./index.ts";

interface Ledger {
  readonly book: Book;
  readonly totals: TrialBalance;
  readonly past: Performance;
  readonly entries: readonly Entry[];
  readonly disposals: readonly Disposal[];
}

function open(units: bigint, scale: number): Ledger {
  const deposit = { depositId: "d", amount: money(units, scale, "USD") };
  const booked = applyDeposit(emptyBook(), deposit);
  if (!booked.ok) throw new Error(booked.text);
  return {
    book: booked.book,
    totals: post({}, booked.entry),
    past: performDeposit(emptyPerformance(), deposit),
    entries: [booked.entry],
    disposals: [],
  };
}

function bookFill(ledger: Ledger, fill: BookedFill, instrument: Instrument): Ledger {
  const booked = applyFill(ledger.book, fill, instrument);
  if (!booked.ok) throw new Error(booked.text);
  return {
    book: booked.book,
    totals: post(ledger.totals, booked.entry),
    past: performFill(ledger.past, fill),
    entries: [...ledger.entries, booked.entry],
    disposals: [...ledger.disposals, ...booked.disposals],
  };
}

/** Instruments of odd scales, and fills that open, close, cross zero and come in tiny lots. */
const scale = fc.integer({ min: 0, max: 9 });
const market = fc
  .record({
    moneyScale: scale,
    scales: fc.array(fc.record({ priceScale: scale, quantityScale: scale }), { minLength: 1, maxLength: 3 }),
  })
  .map(({ moneyScale, scales }) => ({
    moneyScale,
    instruments: [
      ...parseInstruments(
        scales.map(({ priceScale, quantityScale }, index) => ({
          symbol: `S${index}`,
          currency: "USD",
          priceScale,
          tick: "1",
          quantityScale,
          lot: "1",
          halfSpread: "0",
          topSize: "1",
          feeBps: "0",
          tradingDaysPerYear: 252,
          tradingHoursPerDay: 24,
        })),
      ).values(),
    ],
  }));
const size = fc.oneof(fc.bigInt({ min: 1n, max: 9n }), fc.bigInt({ min: 1n, max: 10n ** 12n }));
const trade = fc.record({
  pick: fc.nat(),
  buys: fc.boolean(),
  size,
  at: size,
  fee: fc.bigInt({ min: -1000n, max: 100000n }),
  feeScale: scale,
  markMove: fc.bigInt({ min: -50n, max: 50n }),
});
const day = fc.tuple(market, fc.array(trade, { minLength: 1, maxLength: 40 }));

function replay(
  [{ moneyScale, instruments }, trades]: typeof day extends fc.Arbitrary<infer T> ? T : never,
  check: (ledger: Ledger, marks: Mark[]) => void,
) {
  let ledger = open(10n ** 12n, moneyScale);
  const last = new Map<string, Mark>();
  for (const [index, { pick, buys, size, at, fee, feeScale, markMove }] of trades.entries()) {
    const instrument = instruments[pick % instruments.length]!;
    const { symbol } = instrument;
    const fill: BookedFill = {
      fillId: `f${index}`,
      symbol,
      side: buys ? "BUY" : "SELL",
      quantity: quantity(size, instrument.quantityScale),
      price: price(at, instrument.priceScale),
      commission: money(fee, feeScale, "USD"),
      timeMs: index,
    };
    ledger = bookFill(ledger, fill, instrument);
    const moved = at + markMove;
    last.set(symbol, { symbol, price: price(moved > 0n ? moved : 1n, instrument.priceScale), quote: undefined });
    const marks = Object.keys(ledger.book.positions).map((open) => last.get(open)!);
    check(ledger, marks);
  }
  return ledger;
}

describe("the money identity", () => {
  it("holds to the unit after every fill, and the book has the same equity", () => {
    fc.assert(
      fc.property(day, (input) => {
        replay(input, (ledger, marks) => {
          const identity = checkIdentity(ledger.totals, ledger.past, marks, "USD");
          expect(identity).toEqual({ ok: true, equity: equityOf(ledger.book, marks) });
        });
      }),
      { numRuns: 300 },
    );
  });

  it("both sides and the book agree on what was realised, on fees and on every position's cost", () => {
    fc.assert(
      fc.property(day, (input) => {
        const { book, past, totals } = replay(input, () => {});
        expect([past.realised, past.fees]).toEqual([book.realised, book.fees]);
        for (const [symbol, { basis }] of Object.entries(past.holdings)) {
          const account = totals["money:USD"]?.[`positions:${symbol}`];
          const posted = account === undefined ? 0n : account.debits - account.credits;
          expect([symbol, basis, posted]).toEqual([symbol, book.positions[symbol]?.cost ?? 0n, basis]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("Σ debits = Σ credits in every ledger at every prefix, and a replay from zero gives the same totals", () => {
    fc.assert(
      fc.property(day, (input) => {
        const { entries, totals } = replay(input, (ledger) => {
          for (const accounts of Object.values(ledger.totals)) {
            const all = Object.values(accounts);
            expect(all.reduce((sum, { debits }) => sum + debits, 0n)).toBe(
              all.reduce((sum, { credits }) => sum + credits, 0n),
            );
          }
        });
        expect(entries.reduce<TrialBalance>(post, {})).toEqual(totals);
      }),
      { numRuns: 100 },
    );
  });

  it("FIFO lots hold what the position holds, and their rows and what is left account for every unit of cash", () => {
    fc.assert(
      fc.property(day, (input) => {
        replay(input, ({ book, disposals }) => {
          let lotCost = 0n;
          for (const { quantity: held, lots } of Object.values(book.positions)) {
            const sign = held.units < 0n ? -1n : 1n;
            expect(lots.reduce((total, lot) => total + lot.quantity, 0n)).toBe(sign * held.units);
            lotCost += lots.reduce((total, lot) => total + sign * lot.cost, 0n);
          }
          const gains = disposals.reduce((sum, { proceeds, basis }) => sum + proceeds - basis, 0n);
          expect(book.cash + book.fees + lotCost).toBe(book.deposits + gains);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("what breaks the identity is seen", () => {
  const [instrument] = parseInstruments([
    {
      symbol: "T",
      currency: "USD",
      priceScale: 2,
      tick: "0.01",
      quantityScale: 0,
      lot: "1",
      halfSpread: "0",
      topSize: "1",
      feeBps: "0",
      tradingDaysPerYear: 252,
      tradingHoursPerDay: 24,
    },
  ]).values();
  const fill: BookedFill = {
    fillId: "f",
    symbol: "T",
    side: "BUY",
    quantity: quantity(3n, 0),
    price: price(1000n, 2),
    commission: money(1n, 2, "USD"),
    timeMs: 1,
  };
  const ledger = bookFill(open(100000n, 2), fill, instrument!);
  const marks: Mark[] = [{ symbol: "T", price: price(1100n, 2), quote: undefined }];
  const code = (result: ReturnType<typeof checkIdentity>) => (result.ok ? "holds" : result.code);

  it("a fill that one side did not book", () => {
    expect(checkIdentity(ledger.totals, ledger.past, marks, "USD")).toEqual({
      ok: true,
      equity: money(100299n, 2, "USD"),
    });
    expect(code(checkIdentity(ledger.totals, open(100000n, 2).past, marks, "USD"))).toBe("IDENTITY_BROKEN");
    expect(code(checkIdentity(ledger.totals, performFill(ledger.past, fill), marks, "USD"))).toBe("IDENTITY_BROKEN");
  });

  it("a unit of fee that one side did not see", () => {
    const cheaper = performFill(open(100000n, 2).past, { ...fill, commission: money(0n, 2, "USD") });
    expect(code(checkIdentity(ledger.totals, cheaper, marks, "USD"))).toBe("IDENTITY_BROKEN");
  });

  it("an open position without a mark, and an account without a deposit", () => {
    expect(code(checkIdentity(ledger.totals, ledger.past, [], "USD"))).toBe("MISSING_MARK");
    expect(code(checkIdentity({}, emptyPerformance(), marks, "USD"))).toBe("MISSING_MARK");
    expect(equityOf(ledger.book, [])).toBeUndefined();
    expect(equityOf(emptyBook(), marks)).toBeUndefined();
  });
});
