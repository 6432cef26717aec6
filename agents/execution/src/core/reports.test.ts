import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Fill, FillsBooked, Heartbeat, OrderReported, ProposeRequest, Refused } from "@countersign/contracts";
import { OrderIntentSchema, OrderStatus, ProposeResponseSchema, Side } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import type { CallEffect, Effect, Input } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import {
  cancelCommand,
  depositEntry,
  type IntentFields,
  intentOf,
  NOW_MS,
  orderOf,
  quote,
  submitCommand,
  submitOf,
} from "../../test/world.ts";
import type { OrderNews, VenueFill } from "./edge-input.ts";

const statuses = (rig: Rig) => rig.said<OrderReported>("order.reported").map(({ status }) => status);
const proposals = (effects: readonly Effect[]) =>
  effects
    .filter((effect): effect is CallEffect => effect.kind === "call")
    .map(({ payload }) => payload as ProposeRequest);
const booking = (request: ProposeRequest | undefined): FillsBooked => {
  if (request?.content.case !== "fills") throw new Error("no fills are proposed");
  return request.content.value;
};

/** The quorum's answer to the last call. */
function answer(rig: Rig, fields: MessageInitShape<typeof ProposeResponseSchema>): Input {
  const payload = create(ProposeResponseSchema, fields);
  const { body } = submitCommand(submitOf(intentOf())) as Extract<Input, { kind: "message" }>;
  return { kind: "answer", id: rig.calls.at(-1)?.id ?? "", type: "quorum.proposed", body, payload };
}

function book(rig: Rig): readonly Effect[] {
  return rig.decide(answer(rig, { seq: 1n }));
}

/** With these orders working, each its own intent. */
function working(...intents: IntentFields[]): Rig {
  const rig = new Rig();
  for (const symbol of ["AAPL", "MSFT"]) rig.quote(quote(symbol, 19_010, 19_020));
  for (const [index, fields] of intents.entries())
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: `intent-${index + 1}`, ...fields }))));
  rig.settle();
  return rig;
}

const reports = (...news: OrderNews[]): Input => ({ kind: "edge", id: "1", name: "reports", data: { reports: news } });
const fillNews = (fields: Partial<VenueFill> = {}): VenueFill => ({
  type: "filled",
  clientOrderId: orderOf(intentOf()).clientOrderId,
  executionId: "x1",
  quantity: parseQuantity("40"),
  price: parsePrice("189.90"),
  commission: parseMoney("0.20", "USD"),
  timeMs: NOW_MS,
  ...fields,
});

describe("an order's reports", () => {
  it("follow it from NEW over partial fills to FILLED", () => {
    const rig = working({});
    rig.quote(quote("AAPL", 18_970, 18_980, 40));
    rig.quote(quote("AAPL", 18_980, 18_990, 200));
    expect(statuses(rig)).toEqual([OrderStatus.NEW, OrderStatus.FILLED]);
    expect(rig.said<Fill>("order.filled")).toMatchObject([
      {
        fillId: businessKey("fill", "paper", "main", "s1-1"),
        executionId: "s1-1",
        lastQty: { units: 40n },
        lastPx: { units: 18_980n, scale: 2 },
        cumQty: { units: 40n },
        leavesQty: { units: 60n },
        commission: { units: 20n, scale: 2, currency: "USD" },
        proposer: "portfolio",
        principal: "strategy:trend@ab12",
        quote: { symbol: "AAPL" },
      },
      { executionId: "s1-2", lastQty: { units: 60n }, leavesQty: { units: 0n } },
    ]);
    expect(rig.published.find(({ type }) => type === "order.filled")?.cause?.correlationId).toContain("correlation");
  });

  it("end with what an IOC order did not get", () => {
    const rig = working({ timeInForce: 1 });
    const effects = rig.quote(quote("AAPL", 18_970, 18_980, 40));
    expect(statuses(rig)).toEqual([OrderStatus.NEW, OrderStatus.EXPIRED]);
    expect(proposals(effects)).toHaveLength(1);
  });

  it("are said once, however often the venue repeats them", () => {
    const rig = working({});
    const news = [fillNews(), { type: "expired", clientOrderId: fillNews().clientOrderId }] as const;
    rig.decide(reports(...news));
    expect(rig.decide(reports(...news, { type: "accepted", clientOrderId: fillNews().clientOrderId }))).toEqual([]);
    expect(rig.said("order.filled")).toHaveLength(1);
  });

  it("claim each execution, and refuse one that another aggregate has booked", () => {
    const rig = working({});
    rig.claims.add(businessKey("execution", "paper", "main", "x1"));
    rig.decide(reports(fillNews()));
    expect(rig.said<Refused>("decision.refused")).toMatchObject([{ code: "DUPLICATE_EXECUTION", place: "book" }]);
    expect(rig.calls).toEqual([]);
  });

  it("say that a cancel came too late, and go on", () => {
    const rig = working({});
    rig.decide(cancelCommand("intent-1"));
    rig.acts = [];
    rig.decide(reports({ type: "cancelRejected", clientOrderId: fillNews().clientOrderId, code: "TOO_LATE" }));
    expect(rig.said<OrderReported>("order.reported").at(-1)).toMatchObject({
      status: OrderStatus.NEW,
      code: "TOO_LATE",
    });
  });

  it("take a fill that comes after the cancel, for a minute", () => {
    const rig = working({});
    rig.decide(cancelCommand("intent-1"));
    rig.settle();
    rig.nowMs += 60_000;
    rig.decide({ kind: "tick" });
    rig.decide(reports(fillNews()));
    expect([rig.said("order.filled").length, rig.state.closed]).toEqual([1, []]);
    rig.nowMs += 1;
    rig.decide({ kind: "tick" });
    expect(rig.state.orders).toEqual({});
  });

  it.each([
    ["a fill of an order that is not ours", fillNews({ clientOrderId: "unknown" }), "UNKNOWN_ORDER"],
    ["a fill of more than was ordered", fillNews({ quantity: parseQuantity("101") }), "OVERFILL"],
  ])("close the account on %s", (_, news, code) => {
    const rig = working({});
    rig.decide(reports(news));
    expect(rig.said<Refused>("decision.refused").at(-1)).toMatchObject({ code, place: "book" });
    expect([rig.alerts, rig.state.closed.map((reason) => reason.code)]).toEqual([
      ["FILL_UNEXPLAINED"],
      ["FILL_UNEXPLAINED"],
    ]);
  });

  it("refuse to cancel what is not there", () => {
    const rig = new Rig();
    rig.decide(cancelCommand("nothing"));
    expect(rig.said<Refused>("decision.refused")).toMatchObject([{ subject: "nothing", code: "UNKNOWN_ORDER" }]);
  });
});

describe("the proposal to the quorum", () => {
  it("is one for all fills of one quote, with the evidence of each order and a mark for each position", () => {
    const rig = working({}, { limitPrice: { units: 18_990n, scale: 2 } }, { symbol: "MSFT" });
    rig.quote(quote("MSFT", 18_900, 18_910));
    book(rig);
    const filling = quote("AAPL", 18_970, 18_980);
    const effects = rig.quote(filling);
    const [request, ...more] = proposals(effects);
    expect(more).toEqual([]);
    const { account, fills, orders, marks } = booking(request);
    expect(account).toBe("main");
    expect(fills.map(({ intentKey }) => intentKey)).toEqual(["intent-1", "intent-2"]);
    expect(request?.opId).toBe(businessKey("fills", ...fills.map(({ executionId }) => executionId ?? "")));
    expect(orders.map(({ intent }) => fromBinary(OrderIntentSchema, intent ?? new Uint8Array(0)).intentKey)).toEqual([
      "intent-1",
      "intent-2",
    ]);
    expect(orders.every(({ permit }) => permit?.signatures.length === 1)).toBe(true);
    expect(marks).toMatchObject([
      {
        symbol: "AAPL",
        price: { units: 18_970n, scale: 2 },
        quote: { msgId: filling.ref.msgId, seq: filling.ref.seq },
      },
      { symbol: "MSFT", price: { units: 18_900n, scale: 2 } },
    ]);
  });

  it("marks a short at the ask, and a position whose symbol was never quoted at its last fill", () => {
    const rig = working({ side: Side.SELL, limitPrice: { units: 19_015n, scale: 2 } });
    const effects = rig.quote(quote("AAPL", 19_015, 19_040));
    expect(booking(proposals(effects)[0]).marks).toMatchObject([{ price: { units: 19_040n } }]);

    const bare = new Rig();
    bare.decide(submitCommand(submitOf(intentOf())));
    const [request] = proposals(bare.decide(reports(fillNews())));
    expect(booking(request).marks).toMatchObject([{ price: { units: 18_990n } }]);
    expect(booking(request).marks[0]?.quote).toBeUndefined();
  });

  it("waits for the one before it, and then takes all that waits, marked behind the last of them", () => {
    const rig = working({});
    const parts = [1, 2, 3].map((n) => fillNews({ executionId: `${n}`, quantity: parseQuantity("10") }));
    const [first] = proposals(rig.decide(reports(parts[0]!)));
    expect(booking(first).fills).toHaveLength(1);
    for (const part of parts.slice(1)) expect(proposals(rig.decide(reports(part)))).toEqual([]);
    // However often the first is asked again, nothing overtakes it.
    const id = rig.calls[0]?.id ?? "";
    rig.decide({ kind: "no-answer", id, code: "UNAVAILABLE" });
    expect(proposals(rig.decide({ kind: "timer", id, dueMs: 0, data: null }))).toEqual([first]);
    const [second, ...more] = proposals(book(rig));
    expect(more).toEqual([]);
    expect(booking(second).fills.map(({ executionId }) => executionId)).toEqual(["2", "3"]);
    expect(booking(second).orders).toHaveLength(1);
    expect(booking(second).marks).toHaveLength(1);
    expect(rig.state.unbooked).toHaveLength(2);
    expect([book(rig), rig.state.unbooked, rig.state.asked]).toEqual([[], [], undefined]);
  });

  it("marks by the last quote at or before the fill, not by a later one", () => {
    const rig = working({});
    rig.quote(quote("AAPL", 19_011, 19_021, 5_000, NOW_MS + 1));
    const [request] = proposals(rig.decide(reports(fillNews())));
    expect(booking(request).marks).toMatchObject([{ symbol: "AAPL", price: { units: 19_010n } }]);
  });

  it("publishes and proposes a fill that its own book cannot hold, and closes the account", () => {
    const rig = working({});
    const effects = rig.decide(reports(fillNews({ commission: parseMoney("0.20", "EUR") })));
    expect([proposals(effects).length, rig.said("order.filled").length]).toEqual([1, 1]);
    expect(rig.state.closed).toMatchObject([{ code: "BOOK_REFUSED" }]);
  });

  it("counts a deposit once", () => {
    const rig = new Rig();
    rig.decide(depositEntry());
    expect(rig.state.book.deposits).toBe(100_000_000n);
  });
});

describe("until the fills are booked", () => {
  const filled = () => {
    const rig = working({});
    rig.decide(reports(fillNews()));
    return rig;
  };

  it("asks the next validator, in the same words under the same op id, after no answer", () => {
    const rig = filled();
    const id = rig.calls[0]?.id ?? "";
    for (const to of ["validator-2", "validator-3", "validator-1"]) {
      const [timer] = rig.decide({ kind: "no-answer", id, code: "UNAVAILABLE" });
      expect(timer).toMatchObject({ kind: "timer", dueMs: NOW_MS + 1_000 });
      rig.decide({ kind: "timer", id, dueMs: NOW_MS + 1_000, data: null });
      expect(rig.calls.at(-1)).toMatchObject({ to, id, idempotencyKey: rig.calls[0]?.idempotencyKey });
      expect(rig.calls.at(-1)?.payload).toEqual(rig.calls[0]?.payload);
    }
  });

  it("asks again when there was no quorum, and when the answer says nothing", () => {
    const rig = filled();
    expect(rig.decide(answer(rig, { code: "NO_QUORUM", place: "validator" }))).toMatchObject([{ kind: "timer" }]);
    expect(rig.decide(answer(rig, {}))).toMatchObject([{ kind: "timer" }]);
    expect(rig.state.unbooked).toHaveLength(1);
  });

  it("forgets them with the answer, and asks no more", () => {
    const rig = filled();
    rig.decide(answer(rig, { seq: 2n }));
    expect(rig.state.unbooked).toEqual([]);
    expect(rig.decide({ kind: "timer", id: rig.calls[0]?.id ?? "", dueMs: 0, data: null })).toEqual([]);
    expect(rig.decide({ kind: "no-answer", id: rig.calls[0]?.id ?? "", code: "UNAVAILABLE" })).toEqual([]);
  });

  it("looks its marks up again when the quorum refuses them, until its own feed has come past the fill", () => {
    const rig = filled();
    const [first] = rig.calls;
    const id = first?.id ?? "";
    const refused = { code: "WRONG_MARKS", place: "validator" };
    // Nothing new is known here: asked again, in the same words.
    expect(rig.decide(answer(rig, refused))).toMatchObject([{ kind: "timer", id }]);
    rig.decide({ kind: "timer", id, dueMs: 0, data: null });
    expect(rig.calls.at(-1)?.payload).toEqual(first?.payload);
    // The quote of the fill's time comes late: other marks, the same fills under the same op id.
    rig.quote(quote("AAPL", 19_050, 19_060, 5_000, fillNews().timeMs));
    rig.decide(answer(rig, refused));
    rig.decide({ kind: "timer", id, dueMs: 0, data: null });
    const again = rig.calls.at(-1);
    expect([again?.id, again?.idempotencyKey]).toEqual([id, first?.idempotencyKey]);
    expect(booking(again?.payload as ProposeRequest).marks).toMatchObject([{ price: { units: 19_050n } }]);
    expect(rig.state.closed).toEqual([]);
    // Now the feed is past it: nothing will change, and a person has to explain it.
    rig.quote(quote("AAPL", 19_060, 19_070, 5_000, fillNews().timeMs + 1));
    rig.decide(answer(rig, refused));
    expect(rig.state.closed.map(({ code }) => code)).toEqual(["FILL_REFUSED"]);
  });

  it("takes it for booked when an earlier word of its own was, with other marks", () => {
    const rig = filled();
    rig.decide(answer(rig, { code: "CONFLICT", place: "validator" }));
    expect([rig.state.unbooked, rig.state.closed]).toEqual([[], []]);
  });

  it("closes the account when the quorum refuses, and trades no more", () => {
    const rig = filled();
    rig.decide(answer(rig, { code: "OUTSIDE_MARKET", place: "validator" }));
    expect([rig.alerts, rig.state.closed.map(({ code }) => code)]).toEqual([["FILL_REFUSED"], ["FILL_REFUSED"]]);
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: "next" }))));
    expect(rig.said<OrderReported>("order.reported").at(-1)).toMatchObject({ code: "ACCOUNT_CLOSED", place: "accept" });
  });
});

describe("the tick", () => {
  it("says through when commands have been consumed, and changes nothing", () => {
    const rig = new Rig();
    const before = rig.state;
    rig.decide({ kind: "tick" });
    expect(rig.said<Heartbeat>("agent.heartbeat")).toMatchObject([
      { agent: "execution", ready: true, consumedThroughMs: BigInt(NOW_MS) },
    ]);
    expect(rig.state).toBe(before);
  });
});
