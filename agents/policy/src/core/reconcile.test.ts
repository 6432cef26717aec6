import { create } from "@bufbuild/protobuf";
import { type Fill, FillsBookedSchema } from "@countersign/contracts";
import { money, moneyToWire } from "@countersign/orders";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { DAY_MS, members } from "../testing-world.ts";

const ask = { key: "k", quantity: 100n };
const book = (desk: Desk, ...fills: Fill[]) =>
  desk.entry({ case: "fills", value: create(FillsBookedSchema, { account: "main", fills }) });
const kinds = (effects: readonly Effect[]) =>
  effects.map((effect) => (effect.kind === "publish" ? effect.type : effect.kind));

describe("the two books", () => {
  it("agree when the ledger books what Execution reported", () => {
    const desk = Desk.open();
    const { message } = desk.fill(ask, 100n, 10_000n, "f1", 25n);
    expect(Object.keys(desk.state.unbooked)).toEqual(["f1"]);
    expect(book(desk, message)).toEqual([]);
    expect([desk.state.unbooked, desk.state.unseen]).toEqual([{}, {}]);
    expect(desk.state.ledger.book).toEqual(desk.state.book);
    expect(desk.state.book).toMatchObject({ cash: 8_999_975n, fees: 25n });
  });

  it("agree while fills wait for the ledger, and when it was faster than the report", () => {
    const desk = Desk.open();
    const first = desk.fill(ask, 10n, 10_000n, "f1").message;
    desk.fill(ask, 20n, 10_000n, "f2");
    expect(book(desk, first)).toEqual([]);
    const other = Desk.open();
    expect(book(other, first)).toEqual([]);
    expect(Object.keys(other.state.unseen)).toEqual(["f1"]);
    other.fill(ask, 10n, 10_000n, "f1");
    expect([other.state.unbooked, other.state.unseen]).toEqual([{}, {}]);
    expect(other.state.latches).toEqual([]);
  });

  it.each<[string, Partial<Fill>]>([
    ["a price", { lastPx: { $typeName: "countersign.v1.Price", units: 10_001n, scale: 2 } }],
    ["a quantity", { lastQty: { $typeName: "countersign.v1.Quantity", units: 99n, scale: 0 } }],
    ["a fee", { commission: moneyToWire(money(1n, 2, "USD")) }],
  ])("that differ in %s close the account, also to reductions, and tell the quorum", (_, altered) => {
    const desk = Desk.open();
    const { message } = desk.fill(ask, 100n, 10_000n, "f1");
    expect(kinds(book(desk, { ...message, ...altered }))).toEqual(["decision.made", "alert", "call"]);
    expect(desk.ask({ key: "buy", quantity: 1n }).code).toBe("BOOK_DIFFERS");
    expect(desk.ask({ key: "sell", side: "SELL", quantity: 1n, reduceOnly: true }).code).toBe("BOOK_DIFFERS");
  });

  it("differ when the ledger books a fill twice, or one that Execution never reports", () => {
    const desk = Desk.open();
    const { message } = desk.fill(ask, 100n, 10_000n, "f1");
    book(desk, message);
    book(desk, message);
    expect(desk.state.latches).toEqual([]);
    desk.nowMs += 60_001;
    desk.deposit(1n);
    expect(desk.state.latches).toMatchObject([
      { code: "BOOK_DIFFERS", reason: expect.stringContaining("never reported") },
    ]);
  });

  it("differ when a fill cannot be booked at all", () => {
    const poor = new Desk();
    expect(kinds(poor.fill(ask, 1n, 10_000n).effects)).toEqual(["decision.made", "alert", "call"]);
    expect(poor.ask(ask).code).toBe("BOOK_DIFFERS");
  });
});

describe("an entry of the ledger", () => {
  it("counts with the votes of two of three, and not with one's", () => {
    const desk = Desk.open();
    const { message } = desk.fill(ask, 1n, 10_000n, "f1");
    const content = { case: "fills", value: create(FillsBookedSchema, { account: "main", fills: [message] }) } as const;
    const head = desk.ledger;
    const before = desk.state.ledger;
    expect(kinds(desk.entry(content, "execution", members.validators.slice(0, 1)))).toEqual([
      "decision.refused",
      "alert",
    ]);
    expect(desk.state.ledger).toEqual(before);
    desk.ledger = head;
    expect(desk.entry(content, "execution", members.validators.slice(0, 2))).toEqual([]);
    expect(desk.state.ledger.seq).toBe(2n);
  });

  it("is folded once, and a gap or a fork in its chain closes the account", () => {
    const desk = Desk.open();
    const first = desk.ledger;
    desk.deposit(100n);
    const cash = desk.state.book.cash;
    expect(desk.take(desk.inputs.at(-1)?.input ?? { kind: "tick" })).toEqual([]);
    expect(desk.state.book.cash).toBe(cash);
    desk.ledger = { seq: 7n, digest: new Uint8Array(32) };
    desk.deposit(100n);
    expect(desk.state.book.cash).toBe(cash);
    expect(desk.state.latches).toMatchObject([{ code: "BOOK_DIFFERS", reason: "the ledger's chain has a GAP at 8" }]);
    expect(first.seq).toBe(1n);
  });

  it("of another account is nothing to this one", () => {
    const desk = Desk.open();
    const { message } = desk.fill(ask, 1n, 10_000n, "f1");
    desk.entry({ case: "fills", value: create(FillsBookedSchema, { account: "other", fills: [message] }) });
    expect(Object.keys(desk.state.unbooked)).toEqual(["f1"]);
  });
});

describe("equity", () => {
  it("begins the day with what was last known on an earlier one, and keeps its peak between orders", () => {
    const desk = Desk.open();
    desk.fill(ask, 100n, 10_000n);
    desk.quote("AAPL", 12_000n, 12_000n);
    desk.bar("AAPL", 12_000n);
    expect(desk.state.equity).toMatchObject({ last: 10_200_000n, peak: 10_200_000n, dayStart: 10_000_000n });
    expect(desk.state.equity?.turnover).toEqual({
      account: 1_000_000n,
      "symbol:AAPL": 1_000_000n,
      "principal:strategy:trend@1": 1_000_000n,
    });
    desk.nowMs += DAY_MS;
    desk.quote("AAPL", 11_000n, 11_000n);
    desk.bar("AAPL", 11_000n);
    expect(desk.state.equity).toMatchObject({
      last: 10_100_000n,
      peak: 10_200_000n,
      dayStart: 10_200_000n,
      turnover: {},
    });
  });

  it("takes a deposit for no gain", () => {
    const desk = Desk.open();
    desk.fill(ask, 100n, 10_000n);
    desk.quote("AAPL", 9_000n, 9_000n);
    desk.deposit(1_000_000n);
    expect(desk.state.equity).toMatchObject({ last: 10_900_000n, peak: 11_000_000n, dayStart: 11_000_000n });
  });
});
