import { type Order, parseInstruments, parsePrice, parseQuantity, price, quantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { PaperVenue, type Quote, type Report } from "./index.ts";

const row = {
  symbol: "T",
  currency: "USD",
  priceScale: 2,
  tick: "0.01",
  quantityScale: 0,
  lot: "1",
  halfSpread: "0.01",
  topSize: "100",
  feeBps: "1",
  tradingDaysPerYear: 252,
  tradingHoursPerDay: 6.5,
};
const instruments = parseInstruments([row, { ...row, symbol: "U", tick: "0.05", lot: "10" }]);

let ids = 0;
function order(over: Partial<Omit<Order, "limitPrice" | "quantity">> & { limit?: string; size?: string } = {}): Order {
  const { limit = "100.00", size = "10", ...rest } = over;
  ids += 1;
  return {
    account: "main",
    venue: "paper",
    symbol: "T",
    side: "BUY",
    quantity: parseQuantity(size),
    type: "LIMIT",
    limitPrice: parsePrice(limit),
    stopPrice: undefined,
    bandLow: parsePrice("1.00"),
    bandHigh: parsePrice("1000.00"),
    timeInForce: "GTC",
    reduceOnly: false,
    mode: "paper",
    proposer: "portfolio",
    principal: "alice",
    parent: "k",
    intentKey: "k",
    clientOrderId: `o${ids}`,
    ...rest,
  };
}

let seq = 0n;
function quote(bid: number, ask: number, over: Partial<Quote> = {}): Quote {
  seq += 1n;
  const ref = { symbol: over.symbol ?? "T", msgId: `q${seq}`, seq, digest: "00" };
  return { symbol: "T", timeMs: 1000, bid: BigInt(bid), ask: BigInt(ask), bidSize: 100n, askSize: 100n, ref, ...over };
}

function venueWith(...orders: Order[]): PaperVenue {
  const venue = new PaperVenue({ instruments, latencyMs: 0 });
  for (const each of orders) venue.submit({ order: each, receivedMs: 1000, validUntilMs: 2000 });
  return venue;
}

/** A report in a few words: "o1 10@100.00", "o2 expired". */
const say = (report: Report): string =>
  report.type === "filled"
    ? `${report.clientOrderId} ${report.quantity.units}@${report.price.units}`
    : `${report.clientOrderId} ${report.type}${"code" in report ? ` ${report.code}` : ""}`;
const said = (reports: readonly Report[], ...of: Order[]): string[] =>
  reports
    .map(say)
    .map((text) => of.reduce((line, { clientOrderId }, index) => line.replace(clientOrderId, "abcdef"[index]!), text));

describe("submit", () => {
  const submit = (each: Order, receivedMs = 1000, venue = venueWith()) =>
    said(venue.submit({ order: each, receivedMs, validUntilMs: 2000 }), each);

  it("accepts, and trades nothing yet", () => {
    const venue = venueWith();
    venue.onQuote(quote(9900, 9901));
    const buy = order();
    expect(said(venue.submit({ order: buy, receivedMs: 1000, validUntilMs: 1000 }), buy)).toEqual(["a accepted"]);
    expect(venue.openOrders()).toMatchObject([
      { order: buy, status: "NEW", cumQty: quantity(0n, 0), leavesQty: quantity(10n, 0) },
    ]);
  });

  it("rejects what comes after its validity window", () => {
    expect(submit(order(), 2001)).toEqual(["a rejected EXPIRED_WINDOW"]);
    expect(submit(order(), 2000)).toEqual(["a accepted"]);
  });

  it("rejects an unknown symbol, a price off the tick and a quantity off the lot", () => {
    expect(submit(order({ symbol: "X" }))).toEqual(["a rejected UNKNOWN_SYMBOL"]);
    expect(submit(order({ limit: "100.001" }))).toEqual(["a rejected OFF_TICK"]);
    expect(submit(order({ symbol: "U", limit: "100.01" }))).toEqual(["a rejected OFF_TICK"]);
    expect(submit(order({ type: "STOP", stopPrice: parsePrice("100.001") }))).toEqual(["a rejected OFF_TICK"]);
    expect(submit(order({ size: "1.5" }))).toEqual(["a rejected OFF_LOT"]);
    expect(submit(order({ symbol: "U", size: "15" }))).toEqual(["a rejected OFF_LOT"]);
    expect(submit(order({ symbol: "U", size: "20.0", limit: "100.050" }))).toEqual(["a accepted"]);
  });

  it("rejects a client order id it has accepted before, open or not", () => {
    const first = order();
    const venue = venueWith(first);
    expect(submit(first, 1000, venue)).toEqual(["a rejected DUPLICATE_ORDER"]);
    venue.cancel(first.clientOrderId, 1000);
    expect(submit(first, 1000, venue)).toEqual(["a rejected DUPLICATE_ORDER"]);
  });
});

describe("a quote", () => {
  it("fills at the maker's price, within the limit, with the quote's name and the fee", () => {
    const buy = order();
    const venue = venueWith(buy);
    const at = quote(9980, 9990, { timeMs: 1005 });
    expect(venue.onQuote(at)).toEqual([
      {
        type: "filled",
        clientOrderId: buy.clientOrderId,
        timeMs: 1005,
        executionId: "1",
        account: "main",
        symbol: "T",
        side: "BUY",
        quantity: quantity(10n, 0),
        price: price(9990n, 2),
        // 999.00 USD × 1 bp = 0.0999
        fee: { units: 10n, scale: 2, currency: "USD" },
        cumQty: quantity(10n, 0),
        leavesQty: quantity(0n, 0),
        quote: at.ref,
      },
    ]);
    expect(venue.order(buy.clientOrderId)?.status).toBe("FILLED");
    expect(venue.openOrders()).toEqual([]);
  });

  it("fills by price, then by time, as far as its size goes, and not twice from one size", () => {
    const [a, b, c, d] = [
      order({ size: "60" }),
      order({ size: "60", limit: "100.01" }),
      order({ size: "5" }),
      order({ limit: "99.99" }),
    ];
    const venue = venueWith(a, b, c, d);
    expect(said(venue.onQuote(quote(9990, 10000)), a, b, c, d)).toEqual(["b 60@10000", "a 40@10000"]);
    expect(said(venue.onQuote(quote(9990, 10000, { askSize: 22n })), a, b, c, d)).toEqual(["a 20@10000", "c 2@10000"]);
    expect(venue.openOrders().map(({ status, leavesQty }) => [status, leavesQty.units])).toEqual([
      ["PARTIALLY_FILLED", 3n],
      ["NEW", 10n],
    ]);
  });

  it("sells to the bid: the lowest limit first", () => {
    const [a, b] = [order({ side: "SELL" }), order({ side: "SELL", limit: "99.00", size: "95" })];
    expect(said(venueWith(a, b).onQuote(quote(10000, 10001)), a, b)).toEqual(["b 95@10000", "a 5@10000"]);
  });

  it("does not fill outside the band, although the limit would take the price", () => {
    const buy = order({ bandLow: parsePrice("99.995"), bandHigh: parsePrice("101") });
    const venue = venueWith(buy);
    expect(venue.onQuote(quote(9900, 9999))).toEqual([]);
    expect(said(venue.onQuote(quote(9900, 10000)), buy)).toEqual(["a 10@10000"]);
  });

  it("of another symbol, or of none the venue trades, fills nothing", () => {
    const venue = venueWith(order());
    expect(venue.onQuote(quote(9900, 9901, { symbol: "U" }))).toEqual([]);
    expect(venue.onQuote(quote(9900, 9901, { symbol: "X" }))).toEqual([]);
  });

  it("that is crossed, not positive or older than the last fills nothing, and is counted", () => {
    const venue = venueWith(order());
    venue.onQuote(quote(10001, 10002, { timeMs: 1001 }));
    expect(venue.onQuote(quote(9901, 9900, { timeMs: 1001 }))).toEqual([]);
    expect(venue.onQuote(quote(0, 9900, { timeMs: 1001 }))).toEqual([]);
    expect(venue.onQuote(quote(9899, 9900, { timeMs: 1001, askSize: -1n }))).toEqual([]);
    expect(venue.onQuote(quote(9899, 9900, { timeMs: 1000 }))).toEqual([]);
    expect(venue.unusableQuotes).toBe(4);
    expect(venue.onQuote(quote(9899, 9900, { timeMs: 1001 }))).toHaveLength(1);
  });
});

describe("time in force", () => {
  it("IOC takes what is there and expires with the rest", () => {
    const [a, b] = [order({ timeInForce: "IOC", size: "150" }), order({ timeInForce: "IOC", limit: "98.00" })];
    const venue = venueWith(a, b);
    expect(said(venue.onQuote(quote(9990, 10000)), a, b)).toEqual(["a 100@10000", "a expired", "b expired"]);
    expect(venue.order(a.clientOrderId)).toMatchObject({
      status: "EXPIRED",
      cumQty: quantity(100n, 0),
      leavesQty: quantity(50n, 0),
    });
    expect(venue.onQuote(quote(9000, 9001))).toEqual([]);
  });

  it("FOK takes all or touches nothing, and leaves the size to the next in line", () => {
    const [a, b] = [order({ timeInForce: "FOK", size: "101", limit: "100.01" }), order({ size: "100" })];
    expect(said(venueWith(a, b).onQuote(quote(9990, 10000)), a, b)).toEqual(["b 100@10000", "a expired"]);
    const c = order({ timeInForce: "FOK", size: "100" });
    expect(said(venueWith(c).onQuote(quote(9990, 10000)), c)).toEqual(["a 100@10000"]);
  });

  it("an IOC with a better limit goes before one that rests, at the same quote", () => {
    const [a, b] = [order({ size: "80" }), order({ size: "80", limit: "100.05", timeInForce: "IOC" })];
    expect(said(venueWith(a, b).onQuote(quote(9990, 10000)), a, b)).toEqual(["b 80@10000", "a 20@10000"]);
  });
});

describe("a stop", () => {
  const stop = (over: Parameters<typeof order>[0] & { at: string }) => {
    const { at, ...rest } = over;
    return order({ type: "STOP", stopPrice: parsePrice(at), ...rest });
  };

  it("to sell triggers on the bid, to buy on the ask, and trades at that same quote", () => {
    const [sell, buy] = [stop({ side: "SELL", at: "99.00", limit: "95.00" }), stop({ at: "101.00", limit: "105.00" })];
    const venue = venueWith(sell, buy);
    expect(venue.onQuote(quote(9901, 10099))).toEqual([]);
    expect(said(venue.onQuote(quote(9900, 10099)), sell, buy)).toEqual(["a 10@9900"]);
    expect(said(venue.onQuote(quote(9901, 10100)), sell, buy)).toEqual(["b 10@10100"]);
  });

  it("with its trigger at 100 fills at 90 when the market opens there", () => {
    const sell = stop({ side: "SELL", at: "100.00", limit: "80.00" });
    const venue = venueWith(sell);
    expect(venue.onQuote(quote(10500, 10501))).toEqual([]);
    expect(said(venue.onQuote(quote(9000, 9001)), sell)).toEqual(["a 10@9000"]);
  });

  it("beyond the edge of its band is triggered, trades nothing and expires", () => {
    const sell = stop({ side: "SELL", at: "100.00", limit: "95.00" });
    const venue = venueWith(sell);
    expect(said(venue.onQuote(quote(9000, 9001)), sell)).toEqual(["a expired"]);
    expect(venue.onQuote(quote(9900, 9901))).toEqual([]);
  });

  it("that is triggered is immediate: what the quote does not show expires", () => {
    const buy = stop({ at: "100.00", limit: "105.00", size: "130" });
    expect(said(venueWith(buy).onQuote(quote(9990, 10000)), buy)).toEqual(["a 100@10000", "a expired"]);
  });
});

describe("cancel", () => {
  it("ends an order wherever it waits, and nothing is filled after it", () => {
    const [arriving, resting, stopped] = [order(), order(), order({ type: "STOP", stopPrice: parsePrice("100.00") })];
    const venue = venueWith(resting, stopped);
    venue.onQuote(quote(9800, 10001, { askSize: 0n, timeMs: 1000 }));
    const twin = new PaperVenue({ instruments, latencyMs: 50 });
    twin.submit({ order: arriving, receivedMs: 1000, validUntilMs: 2000 });
    expect(said(twin.cancel(arriving.clientOrderId, 1001), arriving)).toEqual(["a canceled"]);
    expect(twin.onQuote(quote(9000, 9001, { timeMs: 5000 }))).toEqual([]);
    expect(said(venue.cancel(resting.clientOrderId, 1001), resting)).toEqual(["a canceled"]);
    expect(venue.order(resting.clientOrderId)?.status).toBe("CANCELED");
    expect(venue.onQuote(quote(9000, 9001, { timeMs: 5000 }))).toEqual([]);
  });

  it("of an unknown or finished order is rejected", () => {
    const buy = order();
    const venue = venueWith(buy);
    venue.onQuote(quote(9900, 9901));
    expect(said(venue.cancel(buy.clientOrderId, 1001), buy)).toEqual(["a cancelRejected TOO_LATE"]);
    expect(venue.cancel("nobody", 1001)).toMatchObject([{ type: "cancelRejected", code: "UNKNOWN_ORDER" }]);
  });
});

describe("what an order can meet", () => {
  const submitted = (latencyMs: number, sawQuoteSeq?: bigint) => {
    const venue = new PaperVenue({ instruments, latencyMs });
    const saw = sawQuoteSeq === undefined ? {} : { sawQuoteSeq };
    venue.submit({ order: order(), receivedMs: 1000, validUntilMs: 2000, ...saw });
    return venue;
  };

  it("with latency, the first quote at or after its arrival", () => {
    const venue = submitted(50);
    expect(venue.onQuote(quote(9900, 9901, { timeMs: 1049 }))).toEqual([]);
    expect(venue.onQuote(quote(9900, 9901, { timeMs: 1050 }))).toHaveLength(1);
  });

  it("no quote that its decision saw, although the venue gets it later", () => {
    const seen = quote(9900, 9901);
    const venue = submitted(0, seen.ref.seq);
    expect(venue.onQuote(seen)).toEqual([]);
    expect(venue.onQuote(quote(9900, 9901))).toHaveLength(1);
  });
});

it("fees: basis points and money per unit, summed exactly and rounded once, half-up", () => {
  const fee = (over: object, size: string, ask: number) => {
    const instrument = parseInstruments([{ ...row, ...over }]);
    const venue = new PaperVenue({ instruments: instrument, latencyMs: 0 });
    venue.submit({ order: order({ size, limit: "1000.00" }), receivedMs: 1000, validUntilMs: 2000 });
    const [fill] = venue.onQuote(quote(1, ask, { askSize: 10n ** 9n }));
    return fill?.type === "filled" ? [fill.fee.units, fill.fee.scale] : undefined;
  };
  // 1 × 50.00 × 1 bp = 0.005, a tie
  expect(fee({}, "1", 5000)).toEqual([1n, 2]);
  expect(fee({}, "1", 4999)).toEqual([0n, 2]);
  expect(fee({ feeBps: "-1" }, "1", 5000)).toEqual([-1n, 2]);
  expect(fee({ feeBps: "0", feePerUnit: "0.005" }, "3", 5000)).toEqual([2n, 2]);
  // 0.0049 + 0.005 = 0.0099
  expect(fee({ feePerUnit: "0.005" }, "1", 4900)).toEqual([1n, 2]);
  expect(fee({ moneyScale: 4, feePerUnit: "0.005" }, "1", 4900)).toEqual([99n, 4]);
});

it("a restored venue knows how far the market was, and takes no older quote", () => {
  const venue = venueWith(order());
  venue.onQuote(quote(10001, 10002, { timeMs: 1500 }));
  const restored = PaperVenue.restore({ instruments, latencyMs: 0 }, venue.snapshot());
  expect(restored.onQuote(quote(9900, 9901, { timeMs: 1499 }))).toEqual([]);
  expect([venue.unusableQuotes, restored.unusableQuotes]).toEqual([0, 1]);
  expect(restored.onQuote(quote(9900, 9901, { timeMs: 1500 }))).toHaveLength(1);
});

it("executions are numbered through the venue, and can be asked for since an id", () => {
  const [a, b] = [order(), order({ side: "SELL" })];
  const venue = venueWith(a, b);
  venue.onQuote(quote(10000, 10000));
  expect(venue.executions("0").map(({ executionId, side }) => [executionId, side])).toEqual([
    ["1", "BUY"],
    ["2", "SELL"],
  ]);
  expect(venue.executions("1").map(({ executionId }) => executionId)).toEqual(["2"]);
  expect(venue.executions("2")).toEqual([]);
});
