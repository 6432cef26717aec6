import { type OrderReported, OrderStatus } from "@countersign/contracts";
import { parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import {
  cancelCommand,
  haltCall,
  intentOf,
  NOW_MS,
  orderOf,
  quote,
  submitCommand,
  submitOf,
} from "../../test/world.ts";
import type { Reconciled } from "./edge-input.ts";

const { clientOrderId } = orderOf(intentOf());
const submit = submitCommand(submitOf(intentOf()));
const reportOf = (rig: Rig) => rig.said<OrderReported>("order.reported").at(-1);
const fill = {
  type: "filled",
  clientOrderId,
  executionId: "x1",
  quantity: parseQuantity("40"),
  price: parsePrice("189.90"),
  commission: parseMoney("0.20", "USD"),
  timeMs: NOW_MS,
} as const;

function reconciled(rig: Rig, orders: Reconciled["orders"], strays: string[] = []) {
  return rig.decide({ kind: "edge", id: "r", name: "reconciled", data: { orders, strays } satisfies Reconciled });
}

describe("a process that starts over the store of another", () => {
  it("gives the gate its latches before anything is asked", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    const [send] = rig.acts;
    rig.decide(haltCall("h1", 1));
    rig.restart("s2");
    expect(rig.acts.map(({ name }) => name)).toEqual(["latches", "reconcile"]);
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.settle();
    expect(rig.execution.edge.act("send", send?.data)).toMatchObject([
      { data: { reports: [{ type: "refused", code: "HALTED" }] } },
    ]);
  });

  it("asks the venue what it works when the store knows of nothing", () => {
    const rig = new Rig();
    const strange = { kind: "edge", id: "s2", name: "started", data: { working: ["stray"] } } as const;
    expect(rig.decide(strange)).toEqual([
      { kind: "act", name: "reconcile", data: { clientOrderIds: [], executedThrough: {} } },
    ]);
  });

  it("does nothing when there is nothing to do", () => {
    const rig = new Rig();
    const before = rig.state;
    rig.restart("s2");
    expect(rig.acts).toEqual([]);
    expect(rig.state).toBe(before);
    expect(rig.execution.edge.started()).toEqual([{ id: "s2", name: "started", data: { working: [] } }]);
  });

  it("never sends what was accepted before it: NOT_SENT", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    rig.restart("s2");
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.NOT_SENT, code: "NOT_SENT", place: "restart" });
  });

  it("adopts what the venue knows of it, its fills with one proposal", () => {
    const rig = new Rig();
    rig.decide(submit);
    reconciled(rig, [{ clientOrderId, reports: [{ type: "accepted", clientOrderId }, fill] }]);
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.NEW });
    expect([rig.said("order.filled").length, rig.calls.length]).toEqual([1, 1]);
    const again = reconciled(rig, [{ clientOrderId, reports: [{ type: "accepted", clientOrderId }, fill] }]);
    expect(again).toEqual([]);
  });

  it("ends an order that worked and that the venue has forgotten", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    rig.settle();
    rig.restart("s2");
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.CANCELED, code: "LOST_AT_VENUE" });
  });

  it("asks again for a cancel that was lost, and cancels what it does not know", () => {
    const rig = new Rig();
    rig.decide(submit);
    rig.decide(cancelCommand("intent-1"));
    const effects = reconciled(rig, [{ clientOrderId, reports: [{ type: "accepted", clientOrderId }] }], ["stray"]);
    const cancels = effects.flatMap((effect) => (effect.kind === "act" ? [effect.data] : []));
    expect(cancels).toEqual([{ clientOrderId }, { clientOrderId: "stray" }]);
    expect(rig.alerts).toEqual(["STRAY_ORDER"]);
  });

  it("asks a venue elsewhere for what came after the last execution held, and takes no order until it has answered", () => {
    const rig = new Rig();
    rig.decide(submit);
    const executedThrough = { venue: "paper", executionId: "7" };
    const news = { ...fill, executionId: "7" };
    rig.decide({ kind: "edge", id: "1", name: "reports", data: { reports: [news], executedThrough } });
    const asked = { name: "reconcile", data: { clientOrderIds: [clientOrderId], executedThrough: { paper: "7" } } };
    const started = { kind: "edge", id: "s2", name: "started", data: { working: [], remote: true } } as const;
    expect(rig.decide(started)).toEqual([{ kind: "act", ...asked }]);
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: "two" }))));
    expect(reportOf(rig)).toMatchObject({ intentKey: "two", status: OrderStatus.REJECTED, code: "RECONCILING" });
    reconciled(rig, [{ clientOrderId, reports: [] }]);
    expect(rig.state.reconciling).toBe(false);
    expect(rig.decide({ kind: "edge", id: "d", name: "disconnected", data: {} })).toEqual([{ kind: "act", ...asked }]);
    expect(rig.state.reconciling).toBe(true);
  });

  it("closes the account over an order that the venue works and that is over for us", () => {
    const rig = new Rig();
    rig.decide(submit);
    reconciled(rig, [{ clientOrderId, reports: null }]);
    reconciled(rig, [], [clientOrderId]);
    expect(rig.state.closed).toMatchObject([
      { code: "ORDER_UNEXPLAINED", text: expect.stringContaining("over for us") },
    ]);
    expect(rig.acts.at(-1)).toMatchObject({ name: "cancel", data: { clientOrderId } });
  });

  it("does not take an execution for a stranger's that it has had, of an order that it has forgotten", () => {
    const rig = new Rig();
    const told = (executionId: string) => {
      const reports = [{ ...fill, executionId }];
      const data = { reports, executedThrough: { venue: "paper", executionId } };
      rig.decide({ kind: "edge", id: executionId, name: "reports", data });
    };
    rig.decide(submit);
    told("7");
    rig.decide({ kind: "edge", id: "e", name: "reports", data: { reports: [{ type: "expired", clientOrderId }] } });
    rig.nowMs += 61_000;
    rig.decide({ kind: "tick" });
    told("7");
    expect([rig.state.orders, rig.state.closed]).toEqual([{}, []]);
    told("8");
    expect(rig.state.closed).toMatchObject([{ code: "FILL_UNEXPLAINED" }]);
  });

  it("trades on with new execution ids", () => {
    const rig = new Rig();
    const trade = (intentKey: string) => {
      rig.quote(quote("AAPL", 19_010, 19_020));
      rig.decide(submitCommand(submitOf(intentOf({ intentKey }))));
      rig.settle();
      rig.quote(quote("AAPL", 18_970, 18_980));
    };
    trade("before");
    rig.restart("s2");
    rig.settle();
    trade("after");
    expect(rig.published.filter(({ type }) => type === "order.filled")).toHaveLength(2);
  });
});
