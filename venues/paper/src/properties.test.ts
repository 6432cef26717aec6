import { type Order, parseExact, parseInstruments, price, quantity, stringifyExact } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Execution, type PaperSnapshot, PaperVenue, type Quote, type Report, type Submission } from "./index.ts";

const instruments = parseInstruments([
  {
    symbol: "T",
    currency: "USD",
    priceScale: 0,
    tick: "1",
    quantityScale: 0,
    lot: "1",
    halfSpread: "0",
    topSize: "1",
    feeBps: "3",
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 24,
  },
]);

type Step =
  | { readonly kind: "submit"; readonly submission: Submission }
  | { readonly kind: "quote"; readonly quote: Quote }
  | { readonly kind: "cancel"; readonly clientOrderId: string; readonly timeMs: number };

/** A day at the venue: prices within a few ticks, so that most things happen; time goes on by 0 to 3 ms a step. */
const around = fc.integer({ min: 95, max: 105 });
const size = fc.integer({ min: 0, max: 20 });
const event = fc.record({
  kind: fc.constantFrom("submit" as const, "submit" as const, "quote" as const, "quote" as const, "cancel" as const),
  wait: fc.integer({ min: 0, max: 3 }),
  limit: around,
  stop: around,
  bandWidth: fc.integer({ min: 0, max: 6 }),
  buys: fc.boolean(),
  tif: fc.constantFrom("GTC" as const, "IOC" as const, "FOK" as const),
  stops: fc.boolean(),
  size,
  other: size,
  spread: size,
  target: fc.nat({ max: 30 }),
  saw: fc.boolean(),
});
const day = fc
  .record({ latencyMs: fc.integer({ min: 0, max: 4 }), events: fc.array(event, { minLength: 5, maxLength: 80 }) })
  .map(({ latencyMs, events }) => {
    let timeMs = 0;
    let seq = 0n;
    const steps = events.map((each, index): Step => {
      timeMs += each.wait;
      if (each.kind === "cancel") return { kind: "cancel", clientOrderId: `o${each.target}`, timeMs };
      if (each.kind === "quote") {
        seq += 1n;
        const ref = { symbol: "T", msgId: `q${seq}`, seq, digest: "" };
        const [bid, ask] = [BigInt(each.limit), BigInt(each.limit + (each.spread % 3))];
        const quote = { symbol: "T", timeMs, bid, ask, bidSize: BigInt(each.size), askSize: BigInt(each.other), ref };
        return { kind: "quote", quote };
      }
      const type = each.stops ? "STOP" : "LIMIT";
      const order: Order = {
        account: "a",
        venue: "paper",
        symbol: "T",
        side: each.buys ? "BUY" : "SELL",
        quantity: quantity(BigInt(each.size + 1), 0),
        type,
        limitPrice: price(BigInt(each.limit), 0),
        stopPrice: type === "STOP" ? price(BigInt(each.stop), 0) : undefined,
        bandLow: price(BigInt(each.limit - each.bandWidth), 0),
        bandHigh: price(BigInt(each.limit + each.bandWidth), 0),
        timeInForce: type === "STOP" ? "GTC" : each.tif,
        reduceOnly: false,
        mode: "paper",
        proposer: "p",
        principal: "q",
        parent: "k",
        intentKey: "k",
        clientOrderId: `o${index % 31}`,
      };
      const saw = each.saw ? { sawQuoteSeq: seq + BigInt(each.other % 3) } : {};
      return { kind: "submit", submission: { order, receivedMs: timeMs, validUntilMs: timeMs + 10, ...saw } };
    });
    return { latencyMs, steps };
  });

function apply(venue: PaperVenue, step: Step): Report[] {
  if (step.kind === "submit") return venue.submit(step.submission);
  if (step.kind === "cancel") return venue.cancel(step.clientOrderId, step.timeMs);
  return venue.onQuote(step.quote);
}

/** Plays the day; the submissions that were accepted, with the sequence number of the last quote before each. */
function play({ latencyMs, steps }: { latencyMs: number; steps: readonly Step[] }) {
  const venue = new PaperVenue({ instruments, latencyMs });
  const accepted = new Map<string, { submission: Submission; quotesBefore: bigint }>();
  const quotes = new Map<bigint, Quote>();
  const reports: Report[][] = [];
  for (const step of steps) {
    const made = apply(venue, step);
    reports.push(made);
    if (step.kind === "quote") quotes.set(step.quote.ref.seq, step.quote);
    if (step.kind === "submit" && made[0]?.type === "accepted")
      accepted.set(step.submission.order.clientOrderId, {
        submission: step.submission,
        quotesBefore: BigInt(quotes.size),
      });
  }
  return { venue, accepted, quotes, reports };
}
const isFill = (report: Report): report is Execution => report.type === "filled";

describe("whatever is submitted, quoted and canceled, in whatever order", () => {
  it("an order trades with quotes after it, never with one its decision may have seen, and not before it has arrived", () => {
    fc.assert(
      fc.property(day, (input) => {
        const { accepted, quotes, reports } = play(input);
        for (const fill of reports.flat().filter(isFill)) {
          const { submission, quotesBefore } = accepted.get(fill.clientOrderId)!;
          expect(fill.quote.seq > quotesBefore).toBe(true);
          expect(fill.quote.seq > (submission.sawQuoteSeq ?? 0n)).toBe(true);
          expect(quotes.get(fill.quote.seq)!.timeMs).toBeGreaterThanOrEqual(submission.receivedMs + input.latencyMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("fills at the quote's price, within limit and band, and no quote gives more than it displays", () => {
    fc.assert(
      fc.property(day, (input) => {
        const { accepted, quotes, reports } = play(input);
        const taken = new Map<string, bigint>();
        for (const fill of reports.flat().filter(isFill)) {
          const { order } = accepted.get(fill.clientOrderId)!.submission;
          const quote = quotes.get(fill.quote.seq)!;
          const buys = fill.side === "BUY";
          expect(fill.price.units).toBe(buys ? quote.ask : quote.bid);
          expect(buys ? fill.price.units <= order.limitPrice.units : fill.price.units >= order.limitPrice.units).toBe(
            true,
          );
          expect(fill.price.units >= order.bandLow.units && fill.price.units <= order.bandHigh.units).toBe(true);
          const side = `${fill.quote.seq}${fill.side}`;
          taken.set(side, (taken.get(side) ?? 0n) + fill.quantity.units);
          expect(taken.get(side)! <= (buys ? quote.askSize : quote.bidSize)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("CumQty + LeavesQty = OrderQty, FOK fills whole, and nothing follows the end of an order", () => {
    fc.assert(
      fc.property(day, (input) => {
        const { accepted, reports, venue } = play(input);
        const over = new Set<string>();
        for (const report of reports.flat()) {
          if (report.type === "rejected" || report.type === "cancelRejected" || report.type === "accepted") continue;
          expect(over.has(report.clientOrderId)).toBe(false);
          if (report.type !== "filled") over.add(report.clientOrderId);
          else {
            const { order } = accepted.get(report.clientOrderId)!.submission;
            expect(report.cumQty.units + report.leavesQty.units).toBe(order.quantity.units);
            if (order.timeInForce === "FOK") expect(report.leavesQty.units).toBe(0n);
            if (report.leavesQty.units === 0n) over.add(report.clientOrderId);
          }
        }
        const open = venue.openOrders().map(({ order }) => order.clientOrderId);
        expect(new Set(open)).toEqual(new Set([...accepted.keys()].filter((id) => !over.has(id))));
      }),
      { numRuns: 500 },
    );
  });

  it("good-till-cancel limits trade as in a plainly slow venue that sorts everything at each quote", () => {
    fc.assert(
      fc.property(day, ({ steps }) => {
        const simple = steps.filter((step) => step.kind !== "submit" || isPlain(step.submission));
        const { reports } = play({ latencyMs: 0, steps: simple });
        const fills = reports.flat().filter(isFill);
        expect(fills.map((fill) => [fill.clientOrderId, fill.quantity.units, fill.price.units])).toEqual(
          slowly(simple),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("the same day gives the same reports, also when the venue is restored from JSON at any point", () => {
    fc.assert(
      fc.property(day, fc.nat(), (input, at) => {
        const { reports } = play(input);
        expect(play(input).reports).toEqual(reports);
        const options = { instruments, latencyMs: input.latencyMs };
        const cut = at % (input.steps.length + 1);
        const first = new PaperVenue(options);
        const before = input.steps.slice(0, cut).map((step) => apply(first, step));
        const restored = PaperVenue.restore(options, parseExact(stringifyExact(first.snapshot())) as PaperSnapshot);
        const after = input.steps.slice(cut).map((step) => apply(restored, step));
        expect([...before, ...after]).toEqual(reports);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A limit that rests until it is canceled, of a decision that saw no quote the venue has not. */
function isPlain({ order, sawQuoteSeq }: Submission): boolean {
  return order.type === "LIMIT" && order.timeInForce === "GTC" && sawQuoteSeq === undefined;
}

/** The oracle: one list, filtered and sorted anew for each side of each quote. */
function slowly(steps: readonly Step[]): [string, bigint, bigint][] {
  const orders: { order: Order; leaves: bigint }[] = [];
  const fills: [string, bigint, bigint][] = [];
  for (const step of steps) {
    if (step.kind === "submit") {
      const { order } = step.submission;
      const known = orders.some((other) => other.order.clientOrderId === order.clientOrderId);
      if (!known) orders.push({ order, leaves: order.quantity.units });
    }
    if (step.kind === "cancel")
      for (const each of orders) if (each.order.clientOrderId === step.clientOrderId) each.leaves = 0n;
    if (step.kind !== "quote") continue;
    for (const side of ["BUY", "SELL"] as const) {
      const sign = side === "BUY" ? 1n : -1n;
      const at = side === "BUY" ? step.quote.ask : step.quote.bid;
      let size = side === "BUY" ? step.quote.askSize : step.quote.bidSize;
      const line = orders
        .filter(({ order }) => order.side === side && sign * (order.limitPrice.units - at) >= 0n)
        .filter(({ order }) => order.bandLow.units <= at && at <= order.bandHigh.units)
        // Sorting is stable: equals stay in the order in which they came.
        .sort((a, b) => Number(sign * (b.order.limitPrice.units - a.order.limitPrice.units)));
      for (const each of line) {
        const traded = each.leaves < size ? each.leaves : size;
        each.leaves -= traded;
        size -= traded;
        if (traded > 0n) fills.push([each.order.clientOrderId, traded, at]);
      }
    }
  }
  return fills;
}
