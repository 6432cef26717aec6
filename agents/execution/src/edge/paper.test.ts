import { parseMoney } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { config, instruments, intentOf, NOW_MS, orderOf, quote } from "../../test/world.ts";
import { openPaperVenue } from "./paper.ts";

const open = () => openPaperVenue({ ...config.venue, instruments });
const ask = (venue: ReturnType<typeof open>, id: string) =>
  venue.reconcile({ clientOrderIds: [id], executedThrough: {} })?.orders[0]?.reports;
const order = orderOf(intentOf());
const { clientOrderId } = order;
const times = { nowMs: NOW_MS, validUntilMs: NOW_MS + 3_000 };

describe("the paper adapter", () => {
  it("says in its request what the order says, in an object of its own", () => {
    const venue = open();
    const request = venue.toVenueRequest(order, times);
    expect(venue.orderIn(request)).toEqual(order);
    expect(venue.orderIn(request)).not.toBe(order);
  });

  it("fills against the next quote, never against the one before, and names it", () => {
    const venue = open();
    venue.onMarket(quote("AAPL", 18_900, 18_910));
    expect(venue.submit(venue.toVenueRequest(order, times))).toEqual([{ type: "accepted", clientOrderId }]);
    const next = quote("AAPL", 18_970, 18_980, 40);
    const [fill, ...more] = venue.onMarket(next);
    expect(more).toEqual([]);
    expect(fill).toMatchObject({
      type: "filled",
      clientOrderId,
      executionId: "s1-1",
      quantity: { units: 40n },
      price: { units: 18_980n },
      commission: parseMoney("0.20", "USD"),
      quote: { ref: next.ref, bid: { units: 18_970n } },
    });
    expect(ask(venue, clientOrderId)).toMatchObject([{ type: "accepted" }, { type: "filled", executionId: "s1-1" }]);
  });

  it("tells the end of an order that is asked about, and nothing of one that it never saw", () => {
    const venue = open();
    venue.submit(venue.toVenueRequest(order, times));
    venue.cancel(clientOrderId, NOW_MS);
    expect(ask(venue, clientOrderId)).toEqual([
      { type: "accepted", clientOrderId },
      { type: "canceled", clientOrderId },
    ]);
    expect(venue.reconcile({ clientOrderIds: ["unknown"], executedThrough: {} })).toEqual({
      orders: [{ clientOrderId: "unknown", reports: null }],
      strays: [],
    });
  });

  it("does not trade on a quote in which a size is missing", () => {
    const venue = open();
    venue.submit(venue.toVenueRequest(order, times));
    const bare = quote("AAPL", 18_970, 18_980);
    if (bare.type === "market.quote") delete bare.value.askSizeUnits;
    expect(venue.onMarket(bare)).toEqual([]);
  });

  it("passes on why the venue rejects", () => {
    const venue = open();
    const offTick = { ...order, limitPrice: { ...order.limitPrice, units: 190_005n, scale: 3 } };
    expect(venue.submit(venue.toVenueRequest(offTick, times))).toEqual([
      { type: "rejected", clientOrderId, code: "OFF_TICK" },
    ]);
  });
});
