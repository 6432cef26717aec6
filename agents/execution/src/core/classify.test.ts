import { type Order, parseInstruments, parseMoney, parseQuantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import { config, instrumentRows, intentOf, NOW_MS, orderOf, quote, submitCommand, submitOf } from "../../test/world.ts";
import { classifyFills, classifyHoldings, type FindingClass } from "./classify.ts";
import type { Look, OpenAtVenue, VenueFill } from "./edge-input.ts";

/** A buy of 100 AAPL of which 40 are filled at 189.80, and execution 5 has been told. */
const rig = new Rig();
rig.quote(quote("AAPL", 19_010, 19_020));
rig.decide(submitCommand(submitOf(intentOf())));
rig.acts = [];
const order: Order = orderOf(intentOf());
const { clientOrderId } = order;
const fill: VenueFill = {
  type: "filled",
  clientOrderId,
  executionId: "5",
  quantity: parseQuantity("40"),
  price: order.limitPrice,
  commission: parseMoney("0.20", "USD"),
  timeMs: NOW_MS,
};
const told = { reports: [{ type: "accepted", clientOrderId } as const, fill] };
const executedThrough = { venue: "paper", executionId: "5" };
rig.decide({ kind: "edge", id: "1", name: "reports", data: { ...told, executedThrough } });
/** Accepted, and not answered yet. */
rig.decide(submitCommand(submitOf(intentOf({ intentKey: "on its way" }))));
const onWay = orderOf(intentOf({ intentKey: "on its way" })).clientOrderId;

const open: OpenAtVenue = {
  clientOrderId,
  ...{ symbol: "AAPL", side: "BUY", quantity: parseQuantity("100"), cumQty: parseQuantity("40") },
};
const same: Look = {
  venue: "paper",
  timeMs: NOW_MS,
  orders: [open],
  executions: [fill],
  positions: { AAPL: parseQuantity("40") },
  // 40 × 190.00 and the commission.
  cash: { USD: parseMoney("-7600.20", "USD") },
};

type Row = readonly [what: string, look: Partial<Look>, about: string, expected: FindingClass, text?: RegExp];

const rows: readonly Row[] = [
  ["an execution that was told", {}, "execution 5", "matched"],
  ["an execution of our order", { executions: [{ ...fill, executionId: "6" }] }, "execution 6", "unknown-fill"],
  [
    "an execution of nobody's order",
    { executions: [{ ...fill, clientOrderId: "x", executionId: "6" }] },
    "execution 6",
    "unknown-fill",
    /of no order of ours/,
  ],
  [
    "one of an order that is forgotten by now",
    { executions: [{ ...fill, clientOrderId: "x", executionId: "4" }] },
    "execution 4",
    "matched",
  ],
  ["an order that both have", {}, `order ${clientOrderId}`, "matched"],
  [
    "an order with a fill more",
    { orders: [{ ...open, cumQty: parseQuantity("41") }] },
    `order ${clientOrderId}`,
    "drift",
    /filled: 40 here, 41 at/,
  ],
  [
    "an order of another size",
    { orders: [{ ...open, quantity: parseQuantity("101") }] },
    `order ${clientOrderId}`,
    "drift",
    /ordered: 100 here, 101/,
  ],
  [
    "an order to the other side",
    { orders: [{ ...open, side: "SELL" }] },
    `order ${clientOrderId}`,
    "drift",
    /BUY AAPL/,
  ],
  ["an order of another symbol", { orders: [{ ...open, symbol: "MSFT" }] }, `order ${clientOrderId}`, "drift", /MSFT/],
  ["an order that works for us alone", { orders: [] }, `order ${clientOrderId}`, "missing-order", /does not have it/],
  ["an order that works there alone", { orders: [open, { ...open, clientOrderId: "x" }] }, "order x", "orphan-order"],
  ["an order that is on its way", {}, `order ${onWay}`, "ambiguous"],
  ["the same at the end of its window and of the question", { timeMs: NOW_MS + 6_000 }, `order ${onWay}`, "ambiguous"],
  ["the same a moment later", { timeMs: NOW_MS + 6_001 }, `order ${onWay}`, "missing-order"],
  ["an answered one is never on its way", { orders: [] }, `order ${clientOrderId}`, "missing-order"],
  ["a position that both have", {}, "position AAPL", "matched"],
  ["the same with more decimals", { positions: { AAPL: parseQuantity("40.00") } }, "position AAPL", "matched"],
  [
    "one share more",
    { positions: { AAPL: parseQuantity("41") } },
    "position AAPL",
    "drift",
    /^position AAPL: 40 here, 41 at/,
  ],
  ["the other sign", { positions: { AAPL: parseQuantity("-40") } }, "position AAPL", "drift", /-40/],
  ["none there", { positions: {} }, "position AAPL", "drift", /40 here, 0 at/],
  ["one of another symbol", { positions: { ...same.positions, MSFT: parseQuantity("1") } }, "position MSFT", "drift"],
  ["one that is flat", { positions: { ...same.positions, MSFT: parseQuantity("0") } }, "position MSFT", "matched"],
  ["cash that both have", {}, "cash USD", "matched"],
  ["a cent less", { cash: { USD: parseMoney("-7600.21", "USD") } }, "cash USD", "drift", /-7600\.20 here, -7600\.21/],
  ["no cash", { cash: {} }, "cash USD", "drift"],
  ["cash of another currency", { cash: { ...same.cash, EUR: parseMoney("1.00", "EUR") } }, "cash EUR", "drift"],
];

describe("what the venue holds beside what is held here", () => {
  it.each(rows.map(([what, look, about, expected, text]) => ({ what, look, about, expected, text })))(
    "$what: $expected",
    ({ look, about, expected, text }) => {
      const both = { ...same, ...look };
      const found = [...classifyFills(rig.state, both), ...classifyHoldings(config, rig.state, both)];
      const [finding, ...others] = found.filter((one) => one.about === about);
      expect([finding?.class, others]).toEqual([expected, []]);
      if (text !== undefined) expect(finding?.text).toMatch(text);
      if (expected === "matched") expect(finding?.text).toBe("");
    },
  );

  it("is one class each: nothing twice, nothing left out", () => {
    const found = [...classifyFills(rig.state, same), ...classifyHoldings(config, rig.state, same)];
    expect(found.map(({ about }) => about).sort()).toEqual(
      ["execution 5", `order ${clientOrderId}`, `order ${onWay}`, "position AAPL", "cash USD"].sort(),
    );
  });

  it("says nothing of cash that venue and account round to other decimals", () => {
    const instruments = parseInstruments(instrumentRows.map((row) => ({ ...row, moneyScale: 4 })));
    const found = classifyHoldings({ ...config, instruments }, rig.state, { ...same, cash: {} });
    expect(found.filter(({ about }) => about.startsWith("cash"))).toEqual([]);
  });
});
