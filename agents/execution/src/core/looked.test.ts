import { type DecisionMade, type Heartbeat, type OrderReported, OrderStatus } from "@countersign/contracts";
import { parseMoney, parseQuantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import { intentOf, NOW_MS, OPEN, orderOf, quote, resumed, submitCommand, submitOf } from "../../test/world.ts";
import type { Look } from "./edge-input.ts";

const { clientOrderId } = orderOf(intentOf());
/** 40 of 100 AAPL are bought at 189.80. */
function holding(): Rig {
  const rig = new Rig();
  rig.quote(quote("AAPL", 19_010, 19_020));
  rig.decide(submitCommand(submitOf(intentOf())));
  rig.settle();
  rig.quote(quote("AAPL", 18_970, 18_980, 40));
  return rig;
}
const order = { clientOrderId, symbol: "AAPL", side: "BUY" } as const;
const same: Omit<Look, "timeMs"> = {
  venue: "paper",
  orders: [{ ...order, quantity: parseQuantity("100"), cumQty: parseQuantity("40") }],
  executions: [],
  positions: { AAPL: parseQuantity("40") },
  cash: { USD: parseMoney("-7592.20", "USD") },
};
const more = { positions: { AAPL: parseQuantity("41") } };
let looks = 0;
const looked = (rig: Rig, over: Partial<Look> = {}) => {
  looks += 1;
  const data: Look = { ...same, timeMs: NOW_MS + looks, ...over };
  return rig.decide({ kind: "edge", id: `look ${looks}`, name: "looked", data });
};
const last = (rig: Rig) => rig.said<OrderReported>("order.reported").at(-1);
const again = (rig: Rig, key: string, reduceOnly = false) => {
  rig.decide(submitCommand(submitOf(intentOf({ intentKey: key, ...(reduceOnly && { side: 2, reduceOnly }) }))));
  return last(rig)?.code;
};

describe("a look that matches", () => {
  it("changes nothing, and nothing is written for it", () => {
    const rig = holding();
    const before = rig.state;
    expect(looked(rig)).toEqual([]);
    expect(rig.state).toBe(before);
  });

  it("is what the venue in this process shows at each tick, with an id that no other report has", () => {
    const rig = holding();
    const before = rig.state;
    const [report] = rig.execution.edge.tick();
    expect(report).toMatchObject({ id: "look 1", name: "looked", data: { ...same, timeMs: rig.nowMs } });
    expect(rig.decide({ kind: "edge", ...report! })).toEqual([]);
    expect(rig.state).toBe(before);
    expect(rig.execution.reconciliation()).toMatchObject({ looks: 1, findings: { drift: 0 } });
  });

  it("while an order is on its way says so, and is no difference", () => {
    const rig = holding();
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: "two" }))));
    const before = rig.state;
    expect(looked(rig)).toEqual([{ kind: "act", name: "found", data: { ambiguous: 1, matched: 3 } }]);
    expect(rig.state).toBe(before);
  });
});

describe("a difference", () => {
  it("closes the account by name when it lasts for three looks, with both figures on record, a latch and a halt", () => {
    const rig = holding();
    for (let n = 0; n < 2; n++) {
      expect(looked(rig, more).map(({ kind }) => kind)).toEqual(["act"]);
      expect([rig.state.closed, rig.alerts]).toEqual([[], []]);
    }
    looked(rig, more);
    expect(rig.alerts).toEqual(["POSITION_DRIFT"]);
    const text = "in 3 looks: position AAPL: 40 here, 41 at the venue";
    const [closed] = rig.state.closed;
    expect(closed).toMatchObject({ code: "POSITION_DRIFT", text });
    expect(rig.said<DecisionMade>("decision.made").at(-1)).toMatchObject({
      ...{ subject: closed?.haltId, decision: "CLOSE", explanation: `POSITION_DRIFT ${text}` },
    });
    rig.settle();
    expect(rig.state.latches).toMatchObject([{ id: closed?.haltId, scope: { kind: "account", id: "main" } }]);
    expect(again(rig, "two")).toBe("ACCOUNT_CLOSED");
    expect(again(rig, "reduce", true)).toBe("ACCOUNT_CLOSED");
    rig.decide({ kind: "tick" });
    expect(rig.said<Heartbeat>("agent.heartbeat").at(-1)?.closed).toMatchObject({
      ...{ haltId: closed?.haltId, reason: `POSITION_DRIFT: ${text}` },
    });
  });

  it("reaches the gate with the closing: what was accepted before it is not written", () => {
    const rig = holding();
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: "two" }))));
    const [send] = rig.acts;
    rig.acts = [];
    for (let n = 0; n < 3; n++) looked(rig, more);
    rig.settle();
    rig.act(send!);
    expect(last(rig)).toMatchObject({ intentKey: "two", status: OrderStatus.REJECTED, code: "HALTED", place: "gate" });
  });

  it("that goes begins anew; the same look twice is one", () => {
    const rig = holding();
    looked(rig, more);
    looked(rig, more);
    looked(rig);
    expect(rig.state.differing).toBeUndefined();
    for (let n = 0; n < 2; n++) looked(rig, more);
    const { timeMs } = rig.state.differing!;
    for (let n = 0; n < 3; n++) looked(rig, { ...more, timeMs });
    expect(rig.state.closed).toEqual([]);
    looked(rig, more);
    expect(rig.state.closed).toHaveLength(1);
  });

  it("is counted for each thing by itself", () => {
    const rig = holding();
    const other = { positions: { ...same.positions, MSFT: parseQuantity("1") } };
    for (const over of [more, other, more, other]) looked(rig, over);
    expect(rig.state.closed).toEqual([]);
  });

  it.each([
    ["a position", more, "POSITION_DRIFT"],
    ["cash", { cash: { USD: parseMoney("-7592.21", "USD") } }, "CASH_DRIFT"],
    ["an order's fills", { orders: [{ ...same.orders[0]!, cumQty: parseQuantity("39") }] }, "ORDER_DRIFT"],
    ["an order that is not there", { orders: [] }, "ORDER_MISSING"],
    [
      "an order that is not ours",
      { orders: [...same.orders, { ...same.orders[0]!, clientOrderId: "x" }] },
      "ORDER_UNEXPLAINED",
    ],
  ])("of %s has its own name", (_what, over, code) => {
    const rig = holding();
    for (let n = 0; n < 3; n++) looked(rig, over);
    expect(rig.state.closed).toMatchObject([{ code }]);
    const cancels = rig.acts.filter(({ name }) => name === "cancel").map(({ data }) => data);
    expect(cancels).toEqual(code === "ORDER_UNEXPLAINED" ? [{ clientOrderId: "x" }] : []);
  });

  it("is not counted while the venue is being asked", () => {
    const rig = holding();
    rig.decide({ kind: "edge", id: "d", name: "disconnected", data: {} });
    for (let n = 0; n < 3; n++) expect(looked(rig, more)).toEqual([]);
    expect([rig.state.closed, rig.state.differing]).toEqual([[], undefined]);
  });
});

describe("a closed account", () => {
  function closed(): { readonly rig: Rig; readonly haltId: string } {
    const rig = holding();
    for (let n = 0; n < 3; n++) looked(rig, more);
    rig.settle();
    return { rig, haltId: rig.state.closed[0]?.haltId ?? "" };
  }

  it("is not written again with each look", () => {
    const { rig } = closed();
    const before = rig.state;
    looked(rig, more);
    expect(rig.state).toBe(before);
  });

  it("opens with a certified resume that names its halt, and with no other", () => {
    const { rig, haltId } = closed();
    rig.setFence({ ...resumed("another"), epoch: OPEN.epoch });
    expect(again(rig, "two")).toBe("ACCOUNT_CLOSED");
    rig.setFence({ ...resumed(haltId), epoch: OPEN.epoch });
    expect([rig.state.closed, rig.state.latches]).toEqual([[], []]);
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.acts = [];
    again(rig, "three");
    expect(rig.acts).toMatchObject([{ name: "send", data: { order: { intentKey: "three" } } }]);
    rig.settle();
    expect(rig.writes).toHaveLength(2);
  });

  it("closes anew, under another halt, when nothing was mended", () => {
    const { rig, haltId } = closed();
    rig.setFence({ ...resumed(haltId), epoch: OPEN.epoch });
    for (let n = 0; n < 2; n++) looked(rig, more);
    expect(rig.state.closed).toEqual([]);
    looked(rig, more);
    expect(rig.state.closed).toHaveLength(1);
    expect(rig.state.closed[0]?.haltId).not.toBe(haltId);
  });
});

describe("an execution that was not told", () => {
  const fill = {
    type: "filled",
    clientOrderId,
    executionId: "77",
    quantity: parseQuantity("10"),
    price: { units: 18_980n, scale: 2 } as ReturnType<typeof orderOf>["limitPrice"],
    commission: parseMoney("0.05", "USD"),
    timeMs: NOW_MS,
  } as const;
  const after: Partial<Look> = {
    orders: [{ ...same.orders[0]!, cumQty: parseQuantity("50") }],
    executions: [fill],
    positions: { AAPL: parseQuantity("50") },
    cash: { USD: parseMoney("-9490.25", "USD") },
  };

  it("is booked as every other when its order is ours, once, and then nothing differs", () => {
    const rig = holding();
    const proposals = rig.calls.length;
    looked(rig, after);
    expect(rig.said("order.filled")).toHaveLength(2);
    expect([rig.calls.length, rig.state.unbooked.length]).toEqual([proposals, 2]);
    expect(rig.acts).toMatchObject([{ name: "found", data: { "unknown-fill": 1, matched: 3 } }]);
    expect(looked(rig, after)).toEqual([]);
    expect([rig.state.differing, rig.state.closed]).toEqual([undefined, []]);
  });

  it("closes the account at once when its order is not", () => {
    const rig = holding();
    looked(rig, { executions: [{ ...fill, clientOrderId: "stranger" }] });
    expect(rig.state.closed).toMatchObject([{ code: "FILL_UNEXPLAINED" }]);
    expect(rig.said("order.filled")).toHaveLength(1);
  });
});
