import { create, toBinary } from "@bufbuild/protobuf";
import { Decision, KeyChangeSchema, Log, Mode, ReadRequestSchema, Side } from "@countersign/contracts";
import { deriveSigner } from "@countersign/envelope";
import { beforeAll, describe, expect, it } from "vitest";
import { approvalOf, fillOf, fillsOf, orderOf } from "../test/fills.ts";
import { type Content, deposit, genesisOf, policyKey, resume, sealAs, timeMs, World } from "../test/world.ts";

type Ref = ReturnType<World["quote"]>;

const stranger = deriveSigner(new Uint8Array(32), "stranger");
const bought = { units: 100_00n };

/** One fill of one order, right in all but what the case changes. */
function fills(
  quote: Ref,
  {
    order = {},
    fill = {},
    mark,
  }: {
    readonly order?: Parameters<typeof orderOf>[1];
    readonly fill?: Parameters<typeof fillOf>[3];
    readonly mark?: Parameters<typeof fillsOf>[2] | null;
  } = {},
): Content {
  const { submit, intent } = orderOf("order", order);
  const valued = mark === null ? undefined : (mark ?? { ...bought, quote });
  return fillsOf([fillOf(intent, "x1", quote, fill)], [submit], valued);
}

describe("a validator does not vote for fills", () => {
  let world: World;
  let quote: Ref;
  let later: Ref;
  let tied: Ref;
  beforeAll(async () => {
    world = await new World().open();
    tied = world.quote(99_00n, 99_02n, timeMs - 1_000);
    quote = world.quote(100_00n, 100_01n);
    later = world.quote(100_50n, 100_60n, timeMs + 1_000);
    const { submit, intent } = orderOf("booked", { intent: { quantity: { units: 150n, scale: 0 } } });
    await world.accept(fillsOf([fillOf(intent, "e0", quote)], [submit], { ...bought, quote }), "execution");
  });

  const two = (executionIds: readonly [string, string]) => (ref: Ref) => {
    const { submit, intent } = orderOf("two", { intent: { quantity: { units: 200n, scale: 0 } } });
    return fillsOf(
      executionIds.map((id) => fillOf(intent, id, ref)),
      [submit],
      { ...bought, quote: ref },
    );
  };
  const again = (executionId: string) => (ref: Ref) => {
    const { submit, intent } = orderOf("booked", { intent: { quantity: { units: 150n, scale: 0 } } });
    return fillsOf([fillOf(intent, executionId, ref)], [submit], { ...bought, quote: ref });
  };
  const approvalNamed = { approvalIds: ["a1"] };

  const cases: readonly (readonly [string, string, (ref: Ref) => Content, string?])[] = [
    ["by another than Execution", "NOT_EXECUTION", (ref) => fills(ref), "operator"],
    ["without an account", "BAD_FILL", () => ({ ...fillsOf([], [], undefined) })],
    ["without a price", "BAD_FILL", (ref) => fills(ref, { fill: { lastPx: undefined } })],
    ["under another fill's name", "WRONG_FILL_ID", (ref) => fills(ref, { fill: { fillId: "f" } })],
    ["of an execution that is booked", "EXECUTION_BOOKED", (ref) => two(["e0", "e1"])(ref)],
    ["of one execution twice", "EXECUTION_BOOKED", (ref) => two(["e1", "e1"])(ref)],
    ["without their order", "NO_ORDER", (ref) => fillsOf([fillOf(orderOf("order").intent, "x1", ref)], [], bought)],
    [
      "of an intent without a decision time",
      "NO_ORDER",
      (ref) => fills(ref, { order: { intent: { decidedAtMs: undefined } } }),
    ],
    ["of an intent that makes no order", "NO_ORDER", (ref) => fills(ref, { order: { intent: { venue: "" } } })],
    ["of an order for another mode", "WRONG_MODE", (ref) => fills(ref, { order: { intent: { mode: Mode.PAPER } } })],
    ["under a forged permit", "PERMIT_FORGED", (ref) => fills(ref, { order: { signer: stranger } })],
    [
      "under a permit for another intent",
      "PERMIT_OTHER_INTENT",
      (ref) => fills(ref, { order: { permit: { intentDigest: new Uint8Array(32) } } }),
    ],
    [
      "under a permit of an epoch to come",
      "PERMIT_FUTURE_EPOCH",
      (ref) => fills(ref, { order: { permit: { haltEpoch: 2n } } }),
    ],
    [
      "without the approval the permit names",
      "APPROVAL_MISSING",
      (ref) => fills(ref, { order: { permit: approvalNamed } }),
    ],
    [
      "with another approval than named",
      "APPROVAL_MISSING",
      (ref) => fills(ref, { order: { permit: approvalNamed, approvals: [approvalOf("order", { approvalId: "a2" })] } }),
    ],
    [
      "that a person has rejected",
      "APPROVAL_REJECTED",
      (ref) =>
        fills(ref, {
          order: { permit: approvalNamed, approvals: [approvalOf("order", { decision: Decision.REJECT })] },
        }),
    ],
    ["of another symbol than ordered", "ORDER_MISMATCH", (ref) => fills(ref, { fill: { symbol: "MSFT" } })],
    ["of another side than ordered", "ORDER_MISMATCH", (ref) => fills(ref, { fill: { side: Side.SELL } })],
    ["at another venue than ordered", "ORDER_MISMATCH", (ref) => fills(ref, { fill: { venue: "other" } })],
    ["for another account than ordered", "ORDER_MISMATCH", (ref) => fills(ref, { fill: { account: "other" } })],
    [
      "of more than the order",
      "OVERFILLED",
      (ref) => fills(ref, { fill: { lastQty: { $typeName: "countersign.v1.Quantity", units: 101n, scale: 0 } } }),
    ],
    ["of more than the order, over entries", "OVERFILLED", again("e1")],
    ["above the band", "OUTSIDE_BAND", (ref) => fills(ref, { fill: { lastPx: price(101_01n) } })],
    ["below the band", "OUTSIDE_BAND", (ref) => fills(ref, { fill: { lastPx: price(98_99n) } })],
    ["above the market", "OUTSIDE_MARKET", (ref) => fills(ref, { fill: { lastPx: price(100_02n) } })],
    ["below the market", "OUTSIDE_MARKET", (ref) => fills(ref, { fill: { lastPx: price(99_99n) } })],
    ["against no quote", "QUOTE_UNKNOWN", (ref) => fills(ref, { fill: { quote: undefined } })],
    ["against a quote nobody saw", "QUOTE_UNKNOWN", (ref) => fills({ ...ref, msgId: "0" })],
    ["against a quote of other content", "QUOTE_UNKNOWN", (ref) => fills({ ...ref, digest: new Uint8Array(32) })],
    ["at a mark that is not the bid", "WRONG_MARKS", (ref) => fills(ref, { mark: { units: 100_01n, quote: ref } })],
    ["at the mark of an older quote", "WRONG_MARKS", (ref) => fills(ref, { mark: { units: 99_00n, quote: tied } })],
    ["at the mark of a later quote", "WRONG_MARKS", (ref) => fills(ref, { mark: { units: 100_50n, quote: later } })],
    [
      "at the last fill's price while there is a quote",
      "WRONG_MARKS",
      (ref) => fills(ref, { mark: { units: 100_01n } }),
    ],
    ["without a mark", "WRONG_MARKS", (ref) => fills(ref, { mark: null })],
    [
      "whose commission is in another currency",
      "CURRENCY",
      (ref) =>
        fills(ref, {
          fill: { commission: { $typeName: "countersign.v1.Money", units: 1n, scale: 2, currency: "EUR" } },
        }),
    ],
  ];
  for (const [what, code, content, sender = "execution"] of cases)
    it(`${what}: ${code}`, async () => {
      const before = await world.log.head("ledger");
      expect(await world.propose(content(quote), sender, { name: what })).toMatchObject({ code, place: "validator" });
      expect(await world.log.head("ledger")).toEqual(before);
      const refused = world.published.findLast(({ type }) => type === "decision.refused");
      expect(refused?.payload).toMatchObject({ code, place: "validator", sender });
    });

  it("and votes when all is right, with an approval where the permit names one", async () => {
    const approved = { permit: approvalNamed, approvals: [approvalOf("order")] };
    expect(await world.propose(fills(quote, { order: approved }), "execution")).toMatchObject({ seq: 3n });
  });

  it("a late fill is judged by the quote it names and those since, up to its own time", async () => {
    world.quote(100_40n, 100_70n, timeMs + 2_000);
    const late = (units: bigint) => ({ lastPx: price(units), transactTimeMs: BigInt(timeMs + 1_000) });
    const { submit, intent } = orderOf("late");
    const of = (units: bigint, id: string) =>
      fillsOf([fillOf(intent, id, quote, late(units))], [submit], { units: 100_50n, quote: later });
    expect(await world.propose(of(100_61n, "l1"), "execution")).toMatchObject({ code: "OUTSIDE_MARKET" });
    expect(await world.propose(of(100_60n, "l2"), "execution")).toMatchObject({ seq: 4n });
  });
});

describe("a validator does not vote for", () => {
  let world: World;
  beforeAll(async () => {
    world = await new World().open();
  });

  const key = create(KeyChangeSchema, { grant: genesisOf(Mode.REPLAY).keys[0]! });
  const cases: readonly (readonly [string, string, Content, string, string?])[] = [
    ["a deposit by an agent", "NOT_A_PERSON", deposit("d2", 1n, "operator"), "operator"],
    ["a deposit in another's name", "WRONG_AUTHOR", deposit("d2", 1n, "person:bob"), "person:ada"],
    ["a deposit of nothing", "NOT_POSITIVE", deposit("d2", 0n), "person:ada"],
    ["a deposit in another currency", "CURRENCY", deposit("d2", 1n, "person:ada", "EUR"), "person:ada"],
    ["a deposit under another id than its own", "WRONG_OP_ID", deposit("d2", 1n), "person:ada", "x"],
    ["a resume of what is not halted", "UNKNOWN_HALT", resume(["nothing"], 1n), "operator"],
    [
      "a second genesis",
      "CONFLICT",
      { case: "genesis", value: { ...genesisOf(Mode.REPLAY), resumePersons: 2 } },
      "operator",
    ],
    ["a change of a key by an agent", "NOT_A_PERSON", { case: "key", value: key }, "operator"],
  ];
  for (const [what, code, content, sender, opId] of cases)
    it(`${what}: ${code}`, async () => {
      const response = await world.propose(content, sender, opId === undefined ? {} : { opId });
      expect(response).toMatchObject({ code, place: "validator" });
    });

  it("an account without a deposit", async () => {
    const empty = new World();
    await empty.start();
    await empty.accept({ case: "genesis", value: genesisOf(Mode.REPLAY) }, "operator");
    await empty.accept(resume(["birth"], 0n), "operator");
    const quote = empty.quote(100_00n, 100_01n);
    expect(await empty.propose(fills(quote), "execution")).toMatchObject({ code: "NO_DEPOSIT", place: "validator" });
  });

  it("an instrument it does not know", async () => {
    const quote = world.quote(100_00n, 100_01n, timeMs, "MSFT");
    const { submit, intent } = orderOf("order", { intent: { symbol: "MSFT" }, signer: policyKey });
    const content = fillsOf([fillOf(intent, "m1", quote)], [submit], undefined);
    expect(await world.propose(content, "execution")).toMatchObject({ code: "UNKNOWN_INSTRUMENT" });
  });
});

function price(units: bigint) {
  return { $typeName: "countersign.v1.Price" as const, units, scale: 2 };
}

it("who reads the logs without end is refused, and nobody else: RATE_LIMITED", async () => {
  const world = await new World().open();
  const payload = toBinary(ReadRequestSchema, create(ReadRequestSchema, { log: Log.CONTROL, afterSeq: 0n }));
  const read = (sender: string, nth: number) => {
    const bytes = sealAs(sender, "quorum.read-request", "QuorumService.Read", payload, `read ${nth}`);
    return world.rpc.call("QuorumService.Read", "validator-1", bytes, { deadlineMs: 1_000 });
  };
  for (let nth = 0; nth < 500; nth++) await read("operator", nth);
  await expect(read("operator", 500)).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("RATE_LIMITED"),
  });
  await expect(read("person:ada", 0)).resolves.toBeDefined();
  expect(await world.halt({ haltId: "h" }, "person:ada")).toMatchObject({ latched: true });
});
