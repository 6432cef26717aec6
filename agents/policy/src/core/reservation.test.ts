import { OrderStatus } from "@countersign/contracts";
import { equityOf } from "@countersign/ledger";
import { price, product } from "@countersign/orders";
import { effectsDigest } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import type { Ask } from "../testing-world.ts";
import { reservedTotal } from "./reservation.ts";

const ask: Ask = { key: "k", quantity: 100n };
const stage = (desk: Desk) => desk.state.orders.k?.stage;

describe("a reservation", () => {
  it("goes from permit to open order to position, and is zero after the last fill", () => {
    const desk = Desk.open();
    desk.ask(ask);
    expect([stage(desk), reservedTotal(desk.state)]).toEqual(["permitted", 1_000_000n]);
    desk.accept(ask);
    expect([stage(desk), reservedTotal(desk.state)]).toEqual(["accepted", 1_000_000n]);
    desk.fill(ask, 30n, 9_900n);
    expect(reservedTotal(desk.state)).toBe(700_000n);
    desk.report(ask, OrderStatus.PARTIALLY_FILLED);
    desk.report(ask, OrderStatus.NEW);
    expect(reservedTotal(desk.state)).toBe(700_000n);
    desk.fill(ask, 70n, 10_000n);
    expect(reservedTotal(desk.state)).toBe(0n);
    expect(desk.state.book.positions.AAPL?.quantity.units).toBe(100n);
    desk.report(ask, OrderStatus.FILLED);
    expect(desk.state.orders).toEqual({});
  });

  it("returns with a cancel of the rest, and a late fill still counts", () => {
    const desk = Desk.open();
    desk.ask(ask);
    desk.accept(ask);
    desk.fill(ask, 30n, 10_000n);
    desk.report(ask, OrderStatus.CANCELED);
    expect(reservedTotal(desk.state)).toBe(0n);
    desk.fill(ask, 10n, 10_000n);
    expect(desk.state.book.positions.AAPL?.quantity.units).toBe(40n);
  });

  it.each([OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.NOT_SENT])(
    "returns when the order ends as %s",
    (status) => {
      const desk = Desk.open();
      desk.ask(ask);
      desk.accept(ask);
      desk.report(ask, status, "gate");
      expect(reservedTotal(desk.state)).toBe(0n);
    },
  );

  it("is not given back by the refusal of a second submission", () => {
    const desk = Desk.open();
    desk.ask(ask);
    desk.accept(ask);
    desk.report(ask, OrderStatus.REJECTED, "accept");
    expect(reservedTotal(desk.state)).toBe(1_000_000n);
  });

  it("of an unused permit returns with Execution's watermark, and only with one that is later than its expiry", () => {
    const desk = Desk.open();
    desk.ask(ask);
    const expiresAtMs = desk.nowMs + 30_000;
    desk.heartbeat(expiresAtMs);
    desk.heartbeat(expiresAtMs + 1, "hedger");
    expect(reservedTotal(desk.state)).toBe(1_000_000n);
    const told = desk.heartbeat(expiresAtMs + 1);
    // Its proposer waits for it, and would for ever: the intent came too late, and ended no order.
    expect(told).toMatchObject([{ type: "order.rejected", payload: { intentKey: ask.key, code: "PERMIT_UNUSED" } }]);
    expect(desk.heartbeat(expiresAtMs + 2)).toEqual([]);
    expect([reservedTotal(desk.state), desk.state.families]).toEqual([0n, {}]);
  });

  it("of an order at the venue stays, whatever the watermark", () => {
    const desk = Desk.open();
    desk.ask(ask);
    desk.accept(ask);
    desk.heartbeat(desk.nowMs + 1_000_000);
    expect(reservedTotal(desk.state)).toBe(1_000_000n);
  });

  it("is taken again for an order that Execution accepted after it had been given back", () => {
    const desk = Desk.open();
    desk.ask(ask);
    desk.heartbeat(desk.nowMs + 30_001);
    desk.accept(ask);
    expect([stage(desk), reservedTotal(desk.state)]).toEqual(["accepted", 1_000_000n]);
  });
});

/** What may happen to one order after it was asked for. */
type Event =
  | {
      readonly kind: "ask";
      readonly side: "BUY" | "SELL";
      readonly symbol: "AAPL" | "SPX";
      readonly quantity: number;
      readonly slip: number;
    }
  | { readonly kind: "accept" | "cancel" | "reject" | "expire"; readonly pick: number }
  | { readonly kind: "fill"; readonly pick: number; readonly share: number; readonly better: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("ask" as const),
      side: fc.constantFrom("BUY" as const, "SELL" as const),
      symbol: fc.constantFrom("AAPL" as const, "SPX" as const),
      quantity: fc.integer({ min: 1, max: 700 }),
      slip: fc.integer({ min: -50, max: 300 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("fill" as const),
      pick: fc.nat(),
      share: fc.integer({ min: 1, max: 100 }),
      better: fc.nat(200),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("accept" as const, "cancel" as const, "reject" as const, "expire" as const),
      pick: fc.nat(),
    }),
  },
);

const limit = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.6", action: "reject" };

interface Live {
  readonly ask: Ask & { readonly symbol: "AAPL" | "SPX"; readonly limit: bigint };
  leaves: bigint;
  accepted: boolean;
}

/** Orders that Policy permitted, and what a venue within their limits made of them. */
class Market {
  readonly desk = Desk.open([limit]);
  readonly live: Live[] = [];
  #asked = 0;

  constructor() {
    for (const [symbol, [bid, ask]] of Object.entries(QUOTES)) this.desk.quote(symbol, bid, ask);
  }

  play(event: Event): void {
    if (event.kind === "ask") this.#ask(event);
    const order = event.kind === "ask" ? undefined : this.live[event.pick % Math.max(1, this.live.length)];
    if (event.kind === "ask" || order === undefined) return;
    if (event.kind === "fill") this.#fill(order, event);
    else if (event.kind === "accept") this.#accept(order);
    else if (event.kind === "expire") this.#expire();
    else this.end(order, event.kind === "reject" && !order.accepted ? OrderStatus.REJECTED : OrderStatus.CANCELED);
  }

  end(order: Live, status: OrderStatus): void {
    this.desk.report(order.ask, status, order.accepted ? "venue" : "accept");
    this.live.splice(this.live.indexOf(order), 1);
  }

  #ask({ side, symbol, quantity, slip }: Event & { readonly kind: "ask" }): void {
    const at = symbol === "AAPL" ? 10_000n : 200_000n;
    const one = {
      symbol,
      side,
      quantityScale: symbol === "SPX" ? 2 : 0,
      limit: at + BigInt(side === "BUY" ? slip : -slip),
    };
    // As much as is permitted, so that the limit is what stops it.
    for (let size = BigInt(symbol === "SPX" ? quantity * 5 : quantity); size > 0n; size /= 2n) {
      const ask = { ...one, key: `k${this.#asked++}`, quantity: size };
      if (this.desk.ask(ask).type !== "permit.issued") continue;
      this.live.push({ ask, leaves: size, accepted: false });
      return;
    }
  }

  /** Every permit that was not used. */
  #expire(): void {
    this.desk.nowMs += 30_001;
    this.desk.heartbeat(this.desk.nowMs);
    this.live.splice(0, this.live.length, ...this.live.filter(({ accepted }) => accepted));
  }

  #accept(order: Live): void {
    if (!order.accepted) this.desk.accept(order.ask);
    order.accepted = true;
  }

  #fill(order: Live, { share, better }: Event & { readonly kind: "fill" }): void {
    this.#accept(order);
    const quantity = (order.leaves * BigInt(share) + 99n) / 100n;
    const buys = order.ask.side === "BUY";
    const [bid, ask] = QUOTES[order.ask.symbol];
    const worst = order.ask.limit + BigInt(buys ? -better : better);
    const held = this.desk.state.book.positions[order.ask.symbol]?.quantity.units ?? 0n;
    // A reduction passes over the limit, and what it costs would lift the share of what is left: here it costs nothing.
    const reduces = buys ? held + quantity <= 0n : held - quantity >= 0n;
    const fair = buys ? (worst < ask ? worst : ask) : worst > bid ? worst : bid;
    const price = reduces ? fair : worst;
    // SPX pays half a basis point of the notional, rounded up.
    const units = order.ask.symbol === "SPX" && !reduces ? quantity * price * 5n : 0n;
    this.desk.fill(order.ask, quantity, price, undefined, (units + 9_999_999n) / 10_000_000n);
    order.leaves -= quantity;
    if (order.leaves === 0n) this.live.splice(this.live.indexOf(order), 1);
  }

  /** The largest |position| ÷ equity as it is: by the ledger's valuation, not by what is tested here. */
  worstShare(): number {
    const { book } = this.desk.state;
    const marks = Object.values(book.positions).map(({ symbol, quantity }) => {
      const [bid, ask] = QUOTES[symbol === "AAPL" ? "AAPL" : "SPX"];
      return { symbol, price: price(quantity.units > 0n ? bid : ask, 2) };
    });
    const equity = equityOf(book, marks);
    if (equity === undefined) throw new Error("there is equity");
    const values = marks.map(({ symbol, price: at }) => product(at, book.positions[symbol]!.quantity, 2).units);
    return Math.max(0, ...values.map((value) => Math.abs(Number(value)) / Number(equity.units)));
  }
}

const QUOTES = { AAPL: [9_990n, 10_010n], SPX: [199_900n, 200_100n] } as const;

/** 350 and 249 shares at the offer: 59.96 % of the equity. Chance alone comes near the limit too rarely to be asked for it. */
const upToTheLimit = [350, 249].flatMap((quantity): Event[] => [
  { kind: "ask", side: "BUY", symbol: "AAPL", quantity, slip: 10 },
  { kind: "fill", pick: 0, share: 100, better: 0 },
]);

describe("any sequence of orders, fills, cancels and refusals", () => {
  it("never takes a position over its limit, whatever is filled", () => {
    let permitted = 0;
    let highest = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), (events) => {
        const market = new Market();
        for (const event of events) {
          market.play(event);
          const share = market.worstShare();
          // Half a cent of rounding per fill of the ledger, against 100,000 USD.
          expect(share).toBeLessThanOrEqual(0.600005);
          highest = Math.max(highest, share);
        }
        permitted += market.desk.state.recent.reduce((sum, { count }) => sum + count, 0);
      }),
      { numRuns: 80, examples: [[upToTheLimit]] },
    );
    expect(permitted).toBeGreaterThan(100);
    // The limit was reached for, or the test proves nothing.
    expect(highest).toBeGreaterThan(0.599);
  });

  it("leaves no capital reserved when every order has ended", () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 5, maxLength: 40 }), (events) => {
        const market = new Market();
        for (const event of events) market.play(event);
        const held = market.live.reduce((sum, { ask, leaves }) => sum + worth(leaves, ask), 0n);
        expect(reservedTotal(market.desk.state)).toBe(held);
        for (const order of [...market.live]) market.end(order, OrderStatus.CANCELED);
        expect(reservedTotal(market.desk.state)).toBe(0n);
        expect(market.desk.state.orders).toEqual({});
      }),
      { numRuns: 40 },
    );
  });

  it("is decided the same again from the same inputs, and changes no state it was given", () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 5, maxLength: 30 }), (events) => {
        const { desk } = playAll(events);
        const again = new Desk([limit]);
        let state = deepFreeze(again.policy.initial("main"));
        for (const { input, context, digest } of desk.inputs) {
          const decision = again.policy.decide(state, input, context);
          expect(effectsDigest(decision.effects)).toBe(digest);
          state = deepFreeze(decision.state);
        }
      }),
      { numRuns: 20 },
    );
  });
});

function playAll(events: readonly Event[]): Market {
  const market = new Market();
  for (const event of events) market.play(event);
  return market;
}

function worth(leaves: bigint, { limit, quantityScale = 0 }: Ask & { readonly limit: bigint }): bigint {
  const divisor = 10n ** BigInt(quantityScale);
  return (leaves * limit + divisor - 1n) / divisor;
}
