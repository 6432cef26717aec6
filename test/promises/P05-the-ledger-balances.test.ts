/**
 * P05 The ledger balances. Double entry, integers, chained; replay from zero gives the same balances; every fill is booked exactly once
 * whatever crashes. Two computations that share no code agree after every entry: cash + Σ position × mark, and deposits + realised +
 * unrealised − fees.
 *
 * Three real validators, their votes and their log; the fills are of real orders with real permits. Execution is the real one, too.
 */
import { toBinary } from "@bufbuild/protobuf";
import { type Fill, Side, SignedSchema } from "@countersign/contracts";
import { deriveSigner, sha256 } from "@countersign/envelope";
import { entryOf, post } from "@countersign/ledger";
import { money, parsePrice } from "@countersign/orders";
import { openPool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import { buildEntry, openPostgresQuorumLog, signVote } from "@countersign/quorum";
import { openPostgresStore } from "@countersign/runtime";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bookDeposit, emptyAccount } from "../../agents/validator/src/core/account.ts";
import { type Copies, copied } from "../../agents/validator/test/copies.ts";
import { approvalOf, fillOf, fillsOf, orderOf } from "../../agents/validator/test/fills.ts";
import {
  type Content,
  deposit,
  names,
  sealPropose,
  timeMs,
  voteKey,
  World,
} from "../../agents/validator/test/world.ts";
import { Day, days, faultOf } from "./support/p05-books.ts";
import { WorkingOrder } from "./support/p05-execution.ts";

type Ref = ReturnType<World["quote"]>;

const price = (units: bigint) => ({ $typeName: "countersign.v1.Price" as const, units, scale: 2 });
const shares = (units: bigint) => ({ $typeName: "countersign.v1.Quantity" as const, units, scale: 0 });
const bought = { units: 100_00n };

/** One fill of one order for 100, right in all but what the case changes. */
interface Changes {
  readonly order?: Parameters<typeof orderOf>[1];
  readonly fill?: Parameters<typeof fillOf>[3];
  readonly mark?: Parameters<typeof fillsOf>[2];
}
function fills(quote: Ref, { order = {}, fill = {}, mark = { ...bought, quote } }: Changes = {}): Content {
  const { submit, intent } = orderOf("order", order);
  return fillsOf([fillOf(intent, "x1", quote, fill)], [submit], mark);
}

describe("no validator votes for a fill", () => {
  let world: World;
  let quote: Ref;
  let wide: Ref;
  beforeAll(async () => {
    world = await new World().open();
    wide = world.quote(98_00n, 102_00n, timeMs - 1_000);
    quote = world.quote(100_00n, 100_01n);
    const { submit, intent } = orderOf("booked", { intent: { quantity: shares(300n) } });
    await world.accept(fillsOf([fillOf(intent, "e0", quote)], [submit], { ...bought, quote }), "execution");
  });

  const again = () => {
    const { submit, intent } = orderOf("booked", { intent: { quantity: shares(300n) } });
    const both = ["e0", "e1"].map((id) => fillOf(intent, id, quote));
    return fillsOf(both, [submit], { ...bought, quote });
  };
  const early = { transactTimeMs: BigInt(timeMs - 500) };
  const named = { permit: { approvalIds: ["a1"] } };
  const stranger = deriveSigner(new Uint8Array(32), "stranger");

  it.each<readonly [mark: string, what: string, code: string, content: () => Content]>([
    ["P05.once", "that is booked", "EXECUTION_BOOKED", again],
    [
      "P05.order",
      "of another side than was ordered",
      "ORDER_MISMATCH",
      () => fills(quote, { fill: { side: Side.SELL } }),
    ],
    ["P05.order", "in another's name", "ORDER_MISMATCH", () => fills(quote, { fill: { proposer: "hedger" } })],
    ["P05.quantity", "of more than was ordered", "OVERFILLED", () => fills(quote, { fill: { lastQty: shares(101n) } })],
    [
      "P05.band",
      "outside what the intent allows",
      "OUTSIDE_BAND",
      () => fills(wide, { fill: { lastPx: price(101_01n), ...early }, mark: { units: 98_00n, quote: wide } }),
    ],
    [
      "P05.quote",
      "against a quote that its own feed has not seen",
      "QUOTE_UNKNOWN",
      () =>
        fills(quote, {
          fill: { quote: { $typeName: "countersign.v1.QuoteRef", symbol: "AAPL", ...quote, msgId: "0" } },
        }),
    ],
    [
      "P05.market",
      "at a price that nobody quoted",
      "OUTSIDE_MARKET",
      () => fills(quote, { fill: { lastPx: price(100_02n) } }),
    ],
    [
      "P05.marks",
      "at a mark that is not the closing side",
      "WRONG_MARKS",
      () => fills(quote, { mark: { units: 100_01n, quote } }),
    ],
    ["P05.permit", "without Policy's signature", "PERMIT_FORGED", () => fills(quote, { order: { signer: stranger } })],
    [
      "P05.intent",
      "under a permit for another intent",
      "PERMIT_OTHER_INTENT",
      () => fills(quote, { order: { permit: { intentDigest: new Uint8Array(32) } } }),
    ],
    [
      "P05.approvals",
      "with another approval than its permit names",
      "APPROVAL_MISSING",
      () => fills(quote, { order: { ...named, approvals: [approvalOf("order", { approvalId: "a2" })] } }),
    ],
  ])("%s: %s: %s by the validator, and nothing is booked", async (_, what, code, content) => {
    const before = await world.log.head("ledger");
    const answer = world.propose(content(), "execution", { name: what });
    await expect(answer).resolves.toMatchObject({ code, place: "validator" });
    expect(await world.log.head("ledger")).toEqual(before);
  });

  it("unless nothing is wrong with it", async () => {
    expect(await world.propose(fills(quote), "execution")).toMatchObject({ seq: 3n });
  });
});

describe("no validator with a drop copy votes for a fill", () => {
  it.each<readonly [mark: string, what: string, code: string, add: (copies: Copies, fill: Fill) => void]>([
    ["P05.copied", "that the venue does not have", "NOT_IN_DROP_COPY", () => {}],
    [
      "P05.copy",
      "that the venue has at another price",
      "DROP_COPY_DIFFERS",
      (copies, fill) => copies.add(fill, { price: parsePrice("100.00") }),
    ],
  ])("%s: %s: %s by the validator, and nothing is booked", async (_, _what, code, add) => {
    const { world, copies } = await copied();
    const quote = world.quote(100_00n, 100_01n);
    const { submit, intent } = orderOf("order");
    const fill = fillOf(intent, "x1", quote);
    for (const copy of copies) add(copy, fill);
    const propose = () => world.propose(fillsOf([fill], [submit], { ...bought, quote }), "execution");
    const before = await world.log.head("ledger");
    expect(await propose()).toMatchObject({ code, place: "validator" });
    expect(await world.log.head("ledger")).toEqual(before);
    for (const copy of copies) copy.add(fill);
    expect(await propose()).toMatchObject({ seq: 2n });
  });
});

describe("behind the validators", () => {
  it("P05.chain: a reader stops at an entry that does not follow from the one before, though it is certified: FORK of the ledger", async () => {
    const world = await new World().open();
    const head = await world.log.head("ledger");
    const forked = { ...head, digest: sha256(Buffer.from("another history")) };
    const entry = buildEntry("ledger", forked, [sealPropose(deposit("d2", 1n), "person:ada")]);
    const vote = { log: "ledger", seq: entry.seq, round: 0, membersVersion: 1n, entryDigest: entry.digest } as const;
    const votes = names.map((validator) =>
      toBinary(SignedSchema, signVote({ ...vote, validator }, voteKey(validator))),
    );
    const facts = { entry: entry.bytes, digest: entry.digest, votes, committedBy: "validator-1" };
    await world.log.append({ log: "ledger", expectedHead: head, ...facts, opIds: ["x"] });
    const reading = new World({ log: world.log }).start();
    await expect(reading).rejects.toMatchObject({
      name: "LogCorrupt",
      code: "FORK",
      message: expect.stringContaining("of the ledger log"),
    });
  });

  it("P05.identity: books whose two computations differ by a cent are not booked on: LedgerBroken by the account", () => {
    const one = { depositId: "d1", amount: money(100_00n, 2, "USD") };
    const booked = bookDeposit(emptyAccount, one);
    if (!booked.ok) throw new Error(booked.text);
    const { account } = booked;
    const wrong = { ...account, past: { ...account.past, realised: 1n } };
    expect(() => bookDeposit(wrong, { ...one, depositId: "d2" })).toThrow(
      expect.objectContaining({ name: "LedgerBroken", code: "IDENTITY_BROKEN" }),
    );
    expect(bookDeposit(account, { ...one, depositId: "d2" })).toMatchObject({ ok: true });
  });

  const unbalanced = [
    { ledger: "money:USD", scale: 2, account: "cash", amount: 100n },
    { ledger: "money:USD", scale: 2, account: "deposits", amount: -99n },
  ];

  it("P05.entry: no entry is made that does not sum to zero", () => {
    expect(() => entryOf("d1", unbalanced)).toThrow("entry d1 does not balance in money:USD");
  });

  it("P05.posted: no entry is posted that does not sum to zero, wherever it was made", () => {
    expect(() => post({}, { id: "d1", postings: unbalanced })).toThrow("entry d1 does not balance in money:USD");
  });
});

describe("Execution", () => {
  it("P05.execution: says and proposes an execution once, however often the venue reports it", async () => {
    const order = await WorkingOrder.open();
    await order.report("x1", "x1");
    await order.report("x1");
    await order.report("x1", "x2");
    expect(order.fills).toEqual(["x1", "x2"]);
    // The second waits for the first to be booked.
    expect(order.proposed).toEqual([["x1"]]);
    order.books = true;
    await order.rig.run(() => {}, order.rig.scheduler.nowMs() + 10_000);
    expect(order.proposed.at(-1)).toEqual(["x2"]);
    expect(new Set(order.proposed.flat())).toEqual(new Set(["x1", "x2"]));
    expect(order.refusals).toEqual([]);
  });

  it("says no fill twice after a restart, and asks for those that are not booked in the same words", async () => {
    const order = await WorkingOrder.open();
    await order.report("x1");
    await order.restart();
    await order.report("x1", "x2");
    expect(order.fills).toEqual(["x1", "x2"]);
    order.books = true;
    await order.rig.run(() => {}, order.rig.scheduler.nowMs() + 10_000);
    expect(new Set(order.proposed.map((ids) => ids.join()))).toEqual(new Set(["x1", "x2"]));
  });
});

describe("whatever is traded", () => {
  it("cash, position, profit and fees are what a plain count says after every entry, and each fill is booked once", async () => {
    const property = fc.asyncProperty(days, async (steps) => {
      const day = new Day(await new World().open());
      await day.play(steps);
      // From zero, by three others: what they fold from the log is what the first has folded as it came.
      const again = await new World({ log: day.world.log }).start();
      expect(faultOf(again.lines, day.expected)).toBeUndefined();
      const [one, two, three] = again.validators.map((validator) => validator.ledgerView());
      expect([two, three]).toEqual([one, one]);
      const book = one?.accounts.get("main")?.book;
      expect([book?.cash, book?.positions.AAPL?.quantity.units ?? 0n]).toEqual([day.model.cash, day.model.held]);
      await day.play([{ kind: "deposit", cents: 1n, at: 0 }]);
      expect(faultOf(day.world.lines, day.expected)).toBeUndefined();
    });
    await fc.assert(property, { numRuns: 6, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true });
  });

  it("on PostgreSQL as well, and with everybody dead in the middle of the day", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, { max: 4, applicationName: "P05" });
    const born = async () => {
      const stores = await Promise.all(names.map((name) => openPostgresStore(pool, name.replace("-", "_"))));
      return new World({ log: await openPostgresQuorumLog(pool, "quorum"), stores });
    };
    const [morning, afternoon] = fc.sample(days, { seed: 5, numRuns: 2 });
    const day = new Day(await (await born()).open());
    await day.play(morning ?? []);
    day.world = await (await born()).start();
    await day.play(afternoon ?? []);
    expect(day.expected.length).toBeGreaterThan(5);
    const again = await (await born()).start();
    expect(faultOf(again.lines, day.expected)).toBeUndefined();
  });
});
