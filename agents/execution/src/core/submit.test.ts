import { create } from "@bufbuild/protobuf";
import type { OrderAccepted, OrderReported, Refused } from "@countersign/contracts";
import { OrderCommandSchema, OrderStatus } from "@countersign/contracts";
import { parseMoney } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import { intentOf, NOW_MS, orderOf, permitFor, quote, submitCommand, submitOf } from "../../test/world.ts";
import { closeAccount, type ExecutionState } from "./state.ts";

const intent = intentOf();
const submit = submitCommand(submitOf(intent));
const reportOf = (rig: Rig) => rig.said<OrderReported>("order.reported").at(-1);
const refusalOf = (rig: Rig) => rig.said<Refused>("decision.refused").at(-1);

describe("submit", () => {
  it("accepts: the permit and the order id are consumed, the acceptance is published, then the edge is asked to send", () => {
    const rig = new Rig();
    const effects = rig.decide(submit);
    const { clientOrderId } = orderOf(intent);
    expect(effects.map((effect) => (effect.kind === "claim" ? effect.id.split(" ")[0] : effect.kind))).toEqual([
      "permit:permit",
      `order:${clientOrderId}`,
      "publish",
      "act",
    ]);
    expect(rig.said<OrderAccepted>("order.accepted")).toMatchObject([{ clientOrderId, account: "main", intent }]);
    expect(rig.state.orders[clientOrderId]?.state.acknowledged).toBe(false);
  });

  it("ends the intent on the record when its permit does not hold", () => {
    const rig = new Rig();
    rig.decide(submitCommand(submitOf(intent, { permit: permitFor(intent, { expiresAtMs: NOW_MS }) })));
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.REJECTED, code: "PERMIT_EXPIRED", place: "accept" });
    expect(rig.acts).toEqual([]);
  });

  it("refuses while an own latch stands", () => {
    const rig = new Rig();
    rig.state = { ...rig.state, latches: [{ id: "h", level: 1, scope: { kind: "symbol", id: "AAPL" } }] };
    rig.decide(submit);
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.REJECTED, code: "HALTED", place: "accept" });
  });

  it.each([
    ["NOT_PROPOSER", submitCommand(submitOf(intent), "hedger")],
    ["WRONG_ACCOUNT", submitCommand(submitOf(intentOf({ account: "other" })))],
    ["MALFORMED", submitCommand(submitOf(new Uint8Array([255])))],
    ["MISSING", submitCommand(submitOf(new Uint8Array(0)))],
  ])("refuses %s without a word about the order", (code, input) => {
    const rig = new Rig();
    rig.decide(input);
    expect(refusalOf(rig)).toMatchObject({ code, place: "accept", type: "order.intent" });
    expect([rig.said("order.reported"), rig.acts]).toEqual([[], []]);
  });

  it("refuses a command that is neither submit nor cancel", () => {
    const rig = new Rig();
    rig.decide({ ...submit, payload: create(OrderCommandSchema) } as typeof submit);
    expect(refusalOf(rig)).toMatchObject({ code: "MALFORMED", place: "accept" });
  });

  it("refuses a copy of an order without ending the order", () => {
    const rig = new Rig();
    rig.decide(submit);
    rig.decide(submitCommand(submitOf(intent, { permit: permitFor(intent, { permitId: "another" }) })));
    expect(refusalOf(rig)).toMatchObject({ code: "DUPLICATE_ORDER", place: "accept" });
    expect([rig.said("order.reported"), rig.acts.length]).toEqual([[], 1]);
  });

  it("refuses a second use of a permit id, for whatever order Policy signed it", () => {
    const rig = new Rig();
    const other = intentOf({ intentKey: "intent-2" });
    rig.decide(submitCommand(submitOf(intent, { permit: permitFor(intent, { permitId: "p" }) })));
    rig.decide(submitCommand(submitOf(other, { permit: permitFor(other, { permitId: "p" }) })));
    expect(refusalOf(rig)).toMatchObject({ subject: "intent-2", code: "PERMIT_SPENT", place: "accept" });
    expect(Object.keys(rig.state.orders)).toEqual([orderOf(intent).clientOrderId]);
  });

  it("refuses an order that was accepted before and is forgotten", () => {
    const rig = new Rig();
    rig.decide(submit);
    rig.state = { ...rig.state, orders: {} };
    rig.decide(submitCommand(submitOf(intent, { permit: permitFor(intent, { permitId: "another" }) })));
    expect(refusalOf(rig)).toMatchObject({ code: "DUPLICATE_ORDER", place: "accept" });
    expect(rig.state.orders).toEqual({});
  });

  it("counts the children of a parent towards the ceiling, and forgets the parent a day after the last", () => {
    const child = (intentKey: string) =>
      submitCommand(submitOf(intentOf({ intentKey, parent: "big", quantity: { units: 200n, scale: 0 } })));
    const rig = new Rig();
    for (const key of ["a", "b", "c"]) rig.decide(child(key));
    // Each is 38,000 USD; the third makes 114,000.
    expect(reportOf(rig)).toMatchObject({ intentKey: "c", code: "APPROVAL_MISSING", place: "accept" });
    expect(rig.state.parents).toEqual({ big: { notional: parseMoney("76000", "USD", 9), atMs: NOW_MS } });
    rig.state = { ...rig.state, parents: { ...rig.state.parents, old: { notional: parseMoney("1", "USD"), atMs: 0 } } };
    rig.decide(child("d"));
    expect(Object.keys(rig.state.parents)).toEqual(["big", "old"]);
    rig.decide(
      submitCommand(submitOf(intentOf({ intentKey: "e", parent: "small", quantity: { units: 1n, scale: 0 } }))),
    );
    expect(Object.keys(rig.state.parents)).toEqual(["big", "small"]);
  });

  it("keeps nothing of an order that is its own parent, and counts it with the children that name it", () => {
    const rig = new Rig();
    rig.decide(submit);
    expect(reportOf(rig)).toBeUndefined();
    expect(rig.state.parents).toEqual({});
    const parent = { notional: parseMoney("99999", "USD", 9), atMs: NOW_MS };
    const late = new Rig();
    late.state = { ...late.state, parents: { "intent-1": parent } };
    late.decide(submit);
    expect(reportOf(late)).toMatchObject({ code: "APPROVAL_MISSING", place: "accept" });
  });
});

describe("trading stops", () => {
  const unbooked = (fills: number, sinceMs: number): Partial<ExecutionState> => ({
    unbooked: [{ booking: new Uint8Array(0), fills, sinceMs, atMs: sinceMs, open: [], traded: [] }],
  });
  const closed = closeAccount(new Rig().state, "FILL_REFUSED", "why");

  it.each([
    ["AUDIT_BEHIND", {}, 1_000],
    ["UNBOOKED_FILLS", unbooked(1_000, NOW_MS), 0],
    ["UNBOOKED_FILLS", unbooked(1, NOW_MS - 10_001), 0],
    ["ACCOUNT_CLOSED", { closed: closed.closed }, 0],
  ])("%s", (code, state, auditTrailing) => {
    const rig = new Rig();
    rig.state = { ...rig.state, ...state };
    rig.auditTrailing = auditTrailing;
    rig.decide(submit);
    expect(reportOf(rig)).toMatchObject({ status: OrderStatus.REJECTED, code, place: "accept" });
  });

  it("trades on just below each of them", () => {
    const rig = new Rig();
    rig.state = { ...rig.state, ...unbooked(999, NOW_MS - 10_000) };
    rig.auditTrailing = 999;
    rig.decide(submit);
    expect(rig.said("order.accepted")).toHaveLength(1);
  });

  it("does not time unbooked fills in a replay", () => {
    const rig = new Rig({ mode: "replay" });
    const replay = intentOf({ mode: 1 });
    rig.state = { ...rig.state, ...unbooked(1, 0) };
    rig.quote(quote("AAPL", 19_000, 19_010));
    rig.decide(submitCommand(submitOf(replay)));
    expect(rig.said("order.accepted")).toHaveLength(1);
  });
});
