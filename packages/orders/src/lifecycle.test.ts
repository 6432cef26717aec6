import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  applyOrderEvent,
  averagePrice,
  compare,
  isTerminal,
  leavesQty,
  newOrderState,
  type OrderEvent,
  type OrderState,
  price,
  quantity,
  statusOf,
} from "./index.ts";

const fill = (executionId: string, units: bigint, at = 100n): OrderEvent => ({
  type: "filled",
  executionId,
  quantity: quantity(units, 0),
  price: price(at, 0),
});
const ended = (status: "CANCELED" | "EXPIRED" | "REJECTED" | "NOT_SENT"): OrderEvent => ({
  type: "ended",
  end: { status, code: status, place: "venue" },
});
const acknowledged: OrderEvent = { type: "acknowledged" };
const cancelRequested: OrderEvent = { type: "cancelRequested" };
const cancelRejected: OrderEvent = { type: "cancelRejected" };
const fold = (events: readonly OrderEvent[], orderQty = 10n): OrderState =>
  events.reduce(applyOrderEvent, newOrderState(quantity(orderQty, 0)));

describe("status after its reports", () => {
  it.each<[string, OrderEvent[]]>([
    ["PENDING_NEW", []],
    ["NEW", [acknowledged]],
    ["PARTIALLY_FILLED", [acknowledged, fill("1", 4n)]],
    ["PARTIALLY_FILLED", [fill("1", 4n), acknowledged]],
    ["FILLED", [acknowledged, fill("1", 4n), fill("2", 6n)]],
    ["PENDING_CANCEL", [acknowledged, fill("1", 4n), cancelRequested]],
    ["PENDING_CANCEL", [cancelRequested]],
    ["PENDING_CANCEL", [acknowledged, cancelRequested, fill("1", 4n)]],
    ["PENDING_NEW", [cancelRequested, cancelRejected]],
    ["NEW", [acknowledged, cancelRequested, cancelRejected]],
    ["PARTIALLY_FILLED", [acknowledged, cancelRequested, fill("1", 4n), cancelRejected]],
    ["FILLED", [acknowledged, cancelRequested, fill("1", 10n)]],
    ["CANCELED", [acknowledged, cancelRequested, ended("CANCELED")]],
    ["CANCELED", [acknowledged, ended("CANCELED"), fill("1", 4n)]],
    ["FILLED", [acknowledged, ended("CANCELED"), fill("1", 10n)]],
    ["FILLED", [acknowledged, fill("1", 10n), ended("CANCELED")]],
    ["CANCELED", [acknowledged, ended("CANCELED"), cancelRequested]],
    ["CANCELED", [acknowledged, ended("CANCELED"), ended("EXPIRED")]],
    ["EXPIRED", [acknowledged, fill("1", 4n), ended("EXPIRED")]],
    ["REJECTED", [ended("REJECTED")]],
    ["NOT_SENT", [ended("NOT_SENT")]],
  ])("%s", (status, events) => {
    expect(statusOf(fold(events))).toBe(status);
  });
});

/** Reports of one order that can all be true: executions within its quantity, and perhaps a cancel or an expiry. */
const reports = fc
  .record({
    fills: fc.array(fc.record({ units: fc.bigInt({ min: 1n, max: 30n }), at: fc.bigInt({ min: 1n, max: 500n }) }), {
      maxLength: 6,
    }),
    spare: fc.bigInt({ min: 0n, max: 5n }),
    end: fc.constantFrom(undefined, "CANCELED" as const, "EXPIRED" as const),
    asked: fc.boolean(),
  })
  .chain(({ fills, spare, end, asked }) => {
    const executions = fills.map(({ units, at }, index) => fill(`x${index}`, units, at));
    const events = [
      acknowledged,
      ...executions,
      ...(asked ? [cancelRequested] : []),
      ...(end === undefined ? [] : [ended(end)]),
    ];
    const orderQty = fills.reduce((sum, { units }) => sum + units, spare) || 1n;
    const shuffled = () => fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length });
    return fc.record({ orderQty: fc.constant(orderQty), one: shuffled(), other: shuffled() });
  });

describe("every interleaving of fills, cancel and expiry", () => {
  it("keeps CumQty + LeavesQty = OrderQty, never un-fills and never leaves a terminal state but for FILLED", () => {
    fc.assert(
      fc.property(reports, ({ orderQty, one }) => {
        let state = newOrderState(quantity(orderQty, 0));
        for (const event of one) {
          const next = applyOrderEvent(state, event);
          expect(compare(add(next.cumQty, leavesQty(next)), next.orderQty)).toBe(0);
          expect(compare(next.cumQty, state.cumQty)).toBeGreaterThanOrEqual(0);
          if (isTerminal(state)) expect([statusOf(state), "FILLED"]).toContain(statusOf(next));
          state = next;
        }
      }),
    );
  });

  it("comes to the same status, quantity and cost, whatever the order of the reports", () => {
    fc.assert(
      fc.property(reports, ({ orderQty, one, other }) => {
        const a = fold(one, orderQty);
        const b = fold(other, orderQty);
        expect([statusOf(a), a.cumQty, a.cost]).toEqual([statusOf(b), b.cumQty, b.cost]);
      }),
    );
  });

  it("is not changed by a report that comes twice", () => {
    fc.assert(
      fc.property(reports, ({ orderQty, one }) => {
        const state = fold(one, orderQty);
        for (const event of one) expect(applyOrderEvent(state, event)).toBe(state);
      }),
    );
  });
});

describe("what cannot be true", () => {
  it("an execution beyond the order's quantity throws", () => {
    expect(() => fold([fill("1", 4n), fill("2", 7n)])).toThrow(expect.objectContaining({ code: "OVERFILL" }));
  });

  it.each(["REJECTED", "NOT_SENT"] as const)(
    "an execution of an order that is %s throws, in either order",
    (status) => {
      const contradiction = expect.objectContaining({ code: "CONTRADICTION" });
      expect(() => fold([ended(status), fill("1", 1n)])).toThrow(contradiction);
      expect(() => fold([fill("1", 1n), ended(status)])).toThrow(contradiction);
      expect(() => fold([fill("1", 10n), ended(status)])).toThrow(contradiction);
    },
  );

  it("an execution of nothing, or for nothing, throws", () => {
    expect(() => fold([fill("1", 0n)])).toThrow(expect.objectContaining({ code: "CONTRADICTION" }));
    expect(() => fold([fill("1", 1n, 0n)])).toThrow(expect.objectContaining({ code: "CONTRADICTION" }));
  });
});

describe("averagePrice", () => {
  it("is the exact cost divided by CumQty, rounded once", () => {
    expect(averagePrice(fold([]), 9)).toBeUndefined();
    // 12 at 100 and 17 at 99: 2883 / 29
    const state = fold([fill("1", 12n, 100n), fill("2", 17n, 99n)], 29n);
    expect(averagePrice(state, 9)).toEqual(price(99413793103n, 9));
    expect(averagePrice(state, 0, "ceil")).toEqual(price(100n, 0));
  });

  it("takes executions of other scales than the order's", () => {
    const state = applyOrderEvent(newOrderState(quantity(100n, 2)), fill("1", 1n, 5n));
    expect([statusOf(state), averagePrice(state, 2)]).toEqual(["FILLED", price(500n, 2)]);
  });
});
