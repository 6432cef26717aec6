import {
  type Instrument,
  money,
  parseExact,
  parseInstruments,
  parseMoney,
  parsePrice,
  parseQuantity,
  stringifyExact,
} from "@countersign/orders";
import { describe, expect, it } from "vitest";
import {
  applyDeposit,
  applyFill,
  type Book,
  type BookedFill,
  bookDifference,
  type Disposal,
  emptyBook,
} from "./index.ts";

const instruments = parseInstruments([
  {
    symbol: "T",
    currency: "USD",
    priceScale: 2,
    tick: "0.01",
    quantityScale: 0,
    lot: "1",
    halfSpread: "0.01",
    topSize: "1",
    feeBps: "1",
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 6.5,
  },
]);
const T: Instrument = instruments.get("T")!;

let count = 0;
function fill(side: "BUY" | "SELL", size: string, at: string, fee = "0"): BookedFill {
  count += 1;
  return {
    fillId: `f${count}`,
    symbol: "T",
    side,
    quantity: parseQuantity(size),
    price: parsePrice(at),
    commission: parseMoney(fee, "USD"),
    timeMs: count,
  };
}

/** Books the fills on an account with 10,000.00000000 USD, and says what each left behind. */
function book(fills: readonly BookedFill[], scale = 8): { book: Book; realised: bigint[]; disposals: Disposal[] } {
  const opened = applyDeposit(emptyBook(), { depositId: "d", amount: parseMoney("10000", "USD", scale) });
  if (!opened.ok) throw new Error(opened.text);
  const result = { book: opened.book, realised: [] as bigint[], disposals: [] as Disposal[] };
  for (const each of fills) {
    const booked = applyFill(result.book, each, T);
    if (!booked.ok) throw new Error(booked.text);
    result.book = booked.book;
    result.realised.push(booked.book.realised);
    result.disposals.push(...booked.disposals);
  }
  return result;
}

describe("average cost", () => {
  // The example of Trading Technologies that NautilusTrader tests with: 1 basis point of fees, prices and results as printed there.
  const example = [
    fill("BUY", "12", "100", "0.12"),
    fill("BUY", "17", "99", "0.1683"),
    fill("SELL", "9", "101", "0.0909"),
    fill("SELL", "4", "105", "0.042"),
    fill("BUY", "3", "103", "0.0309"),
  ];

  it("realises 14.27586207, then 36.62068966, and 13.89666207, 36.19948966, 36.16858966 after fees", () => {
    expect(book(example).realised).toEqual([0n, 0n, 1427586207n, 3662068966n, 3662068966n]);
    const net = [3, 4, 5]
      .map((fills) => book(example.slice(0, fills)).book)
      .map((after) => after.realised - after.fees);
    expect(net).toEqual([1389666207n, 3619948966n, 3616858966n]);
  });

  it("averages 99.4137931 after two fills and 99.9800363 after all", () => {
    const average = (after: Book) => Number(after.positions.T!.cost) / 1e8 / Number(after.positions.T!.quantity.units);
    expect(average(book(example.slice(0, 2)).book)).toBeCloseTo(99.41379310344827, 8);
    expect(average(book(example).book)).toBeCloseTo(99.98003629764065, 8);
  });

  it("FIFO lots on the same fills gain 9, then 30 in all", () => {
    const gains = new Map<string, bigint>();
    for (const { closedBy, proceeds, basis } of book(example).disposals)
      gains.set(closedBy, (gains.get(closedBy) ?? 0n) + proceeds - basis);
    expect([...gains.values()]).toEqual([900000000n, 2100000000n]);
    expect(book(example).book.positions.T?.lots.map(({ quantity, cost }) => [quantity, cost])).toEqual([
      [16n, 158400000000n],
      [3n, 30900000000n],
    ]);
  });

  it("relieves the floor of the share and keeps the rest: 3 bought for 10.00, sold one by one", () => {
    const one = book([fill("BUY", "2", "3.33"), fill("BUY", "1", "3.34"), fill("SELL", "1", "3.33")], 2);
    expect([one.book.realised, one.book.positions.T?.cost]).toEqual([0n, 667n]);
    const two = book(
      [fill("BUY", "2", "3.33"), fill("BUY", "1", "3.34"), fill("SELL", "1", "3.33"), fill("SELL", "1", "3.33")],
      2,
    );
    expect([two.book.realised, two.book.positions.T?.cost]).toEqual([0n, 334n]);
  });

  it("gains on a short that is bought back lower", () => {
    const { book: after, disposals } = book([fill("SELL", "10", "50"), fill("BUY", "4", "45")], 2);
    expect([after.realised, after.cash, after.positions.T?.quantity.units, after.positions.T?.cost]).toEqual([
      2000n,
      1000000n + 50000n - 18000n,
      -6n,
      -30000n,
    ]);
    expect(disposals).toMatchObject([{ quantity: 4n, proceeds: 20000n, basis: 18000n }]);
  });

  it("splits a fill that crosses zero into a close and an opening", () => {
    const { book: after, disposals } = book([fill("BUY", "3", "10"), fill("SELL", "7", "12")], 2);
    expect([after.realised, after.positions.T?.quantity.units, after.positions.T?.cost]).toEqual([600n, -4n, -4800n]);
    expect(disposals).toMatchObject([{ quantity: 3n, proceeds: 3600n, basis: 3000n }]);
    expect(after.positions.T?.lots).toMatchObject([{ quantity: 4n, cost: 4800n }]);
  });

  it("a position of zero is gone, and nothing of its cost stays", () => {
    const { book: after } = book([fill("BUY", "3", "3.33"), fill("SELL", "2", "4"), fill("SELL", "1", "4")], 2);
    expect([after.positions, after.realised]).toEqual([{}, 1200n - 999n]);
  });
});

describe("what the book refuses, and says why", () => {
  const { book: open } = book([]);
  const code = (result: { ok: boolean; code?: string }) => (result.ok ? "booked" : result.code);

  it("a fill before any deposit: NO_DEPOSIT", () => {
    expect(code(applyFill(emptyBook(), fill("BUY", "1", "1"), T))).toBe("NO_DEPOSIT");
  });

  it("another currency of instrument, commission or deposit: CURRENCY", () => {
    expect(code(applyFill(open, fill("BUY", "1", "1"), { ...T, currency: "EUR" }))).toBe("CURRENCY");
    expect(code(applyFill(open, { ...fill("BUY", "1", "1"), commission: money(1n, 2, "EUR") }, T))).toBe("CURRENCY");
    expect(code(applyDeposit(open, { depositId: "d2", amount: money(1n, 2, "EUR") }))).toBe("CURRENCY");
  });

  it("digits that the account or the instrument does not count: SCALE", () => {
    expect(code(applyFill(open, fill("BUY", "1.5", "1"), T))).toBe("SCALE");
    expect(code(applyDeposit(open, { depositId: "d2", amount: money(1n, 9, "USD") }))).toBe("SCALE");
    const held = book([fill("BUY", "1", "1")]).book;
    expect(code(applyFill(held, fill("BUY", "1", "1"), { ...T, quantityScale: 1 }))).toBe("SCALE");
  });

  it("nothing, or less: NOT_POSITIVE", () => {
    expect(code(applyFill(open, fill("BUY", "0", "1"), T))).toBe("NOT_POSITIVE");
    expect(code(applyFill(open, fill("BUY", "-1", "1"), T))).toBe("NOT_POSITIVE");
    expect(code(applyFill(open, fill("BUY", "1", "0"), T))).toBe("NOT_POSITIVE");
    expect(code(applyDeposit(open, { depositId: "d2", amount: money(0n, 2, "USD") }))).toBe("NOT_POSITIVE");
  });

  it("another instrument than the fill's: SYMBOL", () => {
    expect(code(applyFill(open, fill("BUY", "1", "1"), { ...T, symbol: "U" }))).toBe("SYMBOL");
  });
});

describe("a book as data", () => {
  const { book: after } = book([fill("BUY", "3", "10", "0.01"), fill("SELL", "1", "12")]);

  it("survives JSON, and goes on from it", () => {
    const restored = parseExact(stringifyExact(after)) as Book;
    expect(restored).toEqual(after);
    const next = fill("SELL", "5", "9");
    expect(applyFill(restored, next, T)).toEqual(applyFill(after, next, T));
  });

  it("bookDifference names what differs", () => {
    expect(bookDifference(after, parseExact(stringifyExact(after)) as Book)).toBeUndefined();
    expect(bookDifference(after, { ...after, cash: 1n })).toContain("cash");
    expect(bookDifference(after, { ...after, positions: {} })).toBe("T: 2 and 0");
    const position = after.positions.T!;
    expect(bookDifference(after, { ...after, positions: { T: { ...position, cost: 1n } } })).toContain("T, cost");
    expect(bookDifference(after, emptyBook())).toBe("currency");
  });
});
