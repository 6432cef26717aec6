/**
 * P03 Stopping is easy, starting is hard.
 *
 * A halt signed by anyone who may halt stops Policy and the gate at once and is latched across restarts of everything; the quorum makes it
 * global. Only a certified resume releases it, naming the halts it releases, signed by as many persons as the genesis demands: two; a
 * genesis of replay or paper may say one. Cancels pass always; provably risk-reducing orders pass when the book is reconciled and the
 * fence fresh.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  EntryPostedSchema,
  type FenceState,
  type HaltResponse,
  Log,
  Mode,
  type OrderReported,
  OrderStatus,
  Role,
  Side,
  type SubmitOrder,
  SubmitOrderSchema,
} from "@countersign/contracts";
import { orderFromIntent, parseMoney, price, quantity } from "@countersign/orders";
import { buildEntry } from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import { Rig } from "../../agents/execution/test/rig.ts";
import {
  haltCall,
  type IntentFields,
  intentOf,
  NOW_MS,
  OPEN,
  quote,
  submitCommand,
  submitOf,
} from "../../agents/execution/test/world.ts";
import { NOTHING_HELD, openScene, refusedAtGate, sendThroughGate, written } from "./support/gate.ts";
import { ADA, BOB } from "./support/p01-firm.ts";
import { Floor } from "./support/p01-floor.ts";

const halt = { id: "h1", level: 1, scope: { kind: "all" } } as const;

describe("at the venue gate", () => {
  it("P03.fresh: an order is refused FENCE_STALE at the gate when the control log has been silent for too long", () => {
    expect(sendThroughGate({ facts: { fenceFresh: () => false } })).toEqual(refusedAtGate("FENCE_STALE"));
  });

  it("P03.halt: an order is refused HALTED at the gate while a halt of the control log covers it", () => {
    const facts = { fence: () => ({ ...OPEN, halts: [halt] }) };
    expect(sendThroughGate({ facts })).toEqual(refusedAtGate("HALTED"));
  });

  it("P03.halt: an order is refused HALTED at the gate while a latch covers it", () => {
    expect(sendThroughGate({ latches: [halt] })).toEqual(refusedAtGate("HALTED"));
  });

  it("P03.halt: only what provably reduces a position passes: not one that is none, is larger, or may do otherwise", () => {
    const held = (units: bigint, reducing = 0n) => ({
      send: { held: { symbol: "AAPL", position: quantity(units, 0), reducing: quantity(reducing, 0) } },
    });
    const sell = intentOf({ side: Side.SELL, reduceOnly: true });
    const at = (scene: Parameters<typeof sendThroughGate>[0]) => sendThroughGate({ latches: [halt], ...scene });
    expect(at({ intent: sell, ...held(100n) })).toEqual(written);
    expect(at({ intent: sell })).toEqual(refusedAtGate("HALTED"));
    expect(at({ intent: sell, ...held(99n) })).toEqual(refusedAtGate("HALTED"));
    expect(at({ intent: sell, ...held(-100n) })).toEqual(refusedAtGate("HALTED"));
    expect(at({ intent: sell, ...held(150n, -100n) })).toEqual(refusedAtGate("HALTED"));
    expect(at({ intent: intentOf({ side: Side.SELL }), ...held(100n) })).toEqual(refusedAtGate("HALTED"));
  });

  it("P03.latch-release: a latch holds at the gate until the control log says that a resume has named it", () => {
    const resumed = (...released: string[]) =>
      sendThroughGate({ latches: [halt], facts: { fence: () => ({ ...OPEN, released }) } });
    expect([resumed(), resumed("h2")]).toEqual([refusedAtGate("HALTED"), refusedAtGate("HALTED")]);
    expect(resumed("h2", "h1")).toEqual(written);
  });

  it("a halt of another symbol, strategy, venue or account does not touch the order; one of its own does", () => {
    const scopes = { account: "main", strategy: "trend", symbol: "AAPL", venue: "paper" } as const;
    for (const kind of ["account", "strategy", "symbol", "venue"] as const) {
      const at = (id: string) => sendThroughGate({ latches: [{ id: "h", level: 1, scope: { kind, id } }] });
      expect([kind, at("other")]).toEqual([kind, written]);
      expect([kind, at(scopes[kind])]).toEqual([kind, refusedAtGate("HALTED")]);
    }
  });

  it("a cancel passes while everything is halted and the fence is stale", () => {
    let fence: FenceState = OPEN;
    let isFresh = true;
    const { gate, send } = openScene({ facts: { fence: () => fence, fenceFresh: () => isFresh } });
    expect(send()).toEqual(written);
    gate.latch([halt]);
    fence = { ...OPEN, epoch: OPEN.epoch + 1n, halts: [halt] };
    isFresh = false;
    const [clientOrderId = ""] = gate.openOrders();
    expect(gate.cancel(clientOrderId)).toEqual([{ type: "canceled", clientOrderId }]);
  });
});

/** 100 AAPL at 190.00 or better: it rests until the market comes down to it. */
function ask(intentKey: string, fields: IntentFields = {}): Uint8Array {
  return intentOf({ mode: Mode.REPLAY, intentKey, ...fields });
}

function haltedAtPolicy(explanation: string) {
  return { type: "order.rejected", sender: "policy", payload: { code: "HALTED", explanation } };
}

function haltedAt(place: "accept" | "gate", intentKey: string) {
  const payload = { intentKey, status: OrderStatus.REJECTED, code: "HALTED", place };
  return { sender: "execution", payload };
}

const latched = (by: string): Partial<HaltResponse> => ({ haltId: "h1", latched: true, by });

/** What the gate of the running Execution says of this order, asked by its own edge. */
function askGate(floor: Floor, submit: SubmitOrder): unknown {
  const made = orderFromIntent(submit.intent ?? new Uint8Array());
  if (!made.ok) throw new Error(made.text);
  const siblings = parseMoney("0", "USD");
  const order = { order: made.order, submit: toBinary(SubmitOrderSchema, submit), siblings, held: NOTHING_HELD };
  return floor.execution.edge.act("send", order)[0]?.data;
}

describe("where orders are accepted, while everything is halted", () => {
  const reduce = (key: string) =>
    submitCommand(submitOf(intentOf({ intentKey: key, side: Side.SELL, reduceOnly: true })));
  /** It holds 100 AAPL. */
  const holding = () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 18_990, 19_000));
    rig.decide(submitCommand(submitOf(intentOf({ intentKey: "buy" }))));
    rig.settle();
    rig.quote(quote("AAPL", 18_990, 19_000));
    expect(rig.state.book.positions.AAPL?.quantity).toEqual(quantity(100n, 0));
    rig.decide(haltCall("h1", 1));
    rig.settle();
    return rig;
  };
  const outcome = (rig: Rig, key: string) => {
    rig.decide(reduce(key));
    rig.settle();
    const refusal = rig.said<OrderReported>("order.reported").find((one) => one.intentKey === key && one.code);
    return refusal === undefined ? "passes" : `${refusal.code} at ${refusal.place}`;
  };

  it("what reduces the position passes, once: the next one would turn it", () => {
    const rig = holding();
    expect([outcome(rig, "sell"), outcome(rig, "again")]).toEqual(["passes", "HALTED at accept"]);
  });

  it("P03.reconciled: nothing passes RECONCILING at accept, until the venue has said what it knows", () => {
    const rig = holding();
    rig.decide({ kind: "edge", id: "1", name: "disconnected", data: {} });
    expect(outcome(rig, "sell")).toBe("RECONCILING at accept");
  });

  it("P03.explained: nothing passes ACCOUNT_CLOSED at accept, once the venue has filled what nobody ordered", () => {
    const rig = holding();
    const fill = { type: "filled", clientOrderId: "nobody's", executionId: "e9", quantity: quantity(1n, 0) } as const;
    const stray = { ...fill, price: price(19_000n, 2), commission: parseMoney("0", "USD"), timeMs: NOW_MS };
    rig.decide({ kind: "edge", id: "1", name: "reports", data: { reports: [stray] } });
    expect(outcome(rig, "sell")).toBe("ACCOUNT_CLOSED at accept");
  });
});

describe("a halt asked of Policy and of Execution alone, while the quorum says nothing", () => {
  it("P03.latch: Policy's own latch refuses HALTED at policy", async () => {
    const floor = await Floor.open();
    expect(await floor.halt("h1", ["policy"])).toMatchObject([latched("policy")]);
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 is latched here"));
    expect(floor.fence.state().halts).toEqual([]);
  });

  it("P03.gate-latch: a halt between acceptance and write ends the order REJECTED, HALTED at the gate", async () => {
    const floor = await Floor.open();
    const submit = await floor.permit(ask("a"));
    expect(Object.keys((await floor.policyState()).orders)).toEqual(["a"]);
    floor.firm.store("execution").afterRecord = {
      type: "order.accepted",
      run: async () => void (await floor.haltNow("h1", ["execution"])),
    };
    await floor.submit(submit);
    expect(floor.count("order.accepted")).toBe(1);
    expect(floor.heard.filter(({ type }) => type === "order.reported")).toMatchObject([haltedAt("gate", "a")]);
    // What was reserved for it is free again.
    expect((await floor.policyState()).orders).toEqual({});
    // And so ends the next, before it is an order.
    await floor.submit(await floor.permit(ask("b")));
    expect(floor.last("order.reported")).toMatchObject(haltedAt("accept", "b"));
    expect(floor.count("order.accepted")).toBe(1);
  });

  it("is answered when the latch is in the store, not before", async () => {
    for (const server of ["policy", "execution"]) {
      const floor = await Floor.open();
      const store = floor.firm.store(server);
      const latches = async () => ((await store.load("main")).state as { latches: { id: string }[] }).latches;
      const hold = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      store.beforeNext = async () => {
        held.resolve();
        await hold.promise;
      };
      let answers: readonly HaltResponse[] = [];
      const halting = floor.halt("h1", [server]).then((said) => {
        answers = said;
      });
      await held.promise;
      await new Promise(setImmediate);
      expect([answers, await latches()]).toEqual([[], []]);
      hold.resolve();
      await halting;
      expect(answers).toMatchObject([latched(server)]);
      expect((await latches()).map(({ id }) => id)).toEqual(["h1"]);
    }
  });

  it("holds after every process was killed: at policy, where orders are accepted, and at the gate", async () => {
    const before = await Floor.open();
    const submit = await before.permit(ask("a"));
    await before.halt("h1", ["policy", "execution"]);
    const floor = await before.restart();
    expect(floor.fence.state().halts).toEqual([]);
    expect(await floor.propose(ask("b"))).toMatchObject(haltedAtPolicy("the halt h1 is latched here"));
    expect(askGate(floor, submit)).toMatchObject({ reports: [{ type: "refused", code: "HALTED" }] });
    await floor.submit(submit);
    expect(floor.last("order.reported")).toMatchObject(haltedAt("accept", "a"));
    expect(floor.count("order.accepted")).toBe(0);
  });

  it("lets a cancel pass", async () => {
    const floor = await Floor.open();
    await floor.submit(await floor.permit(ask("a")));
    await floor.halt("h1", ["policy", "execution", "validator-1"]);
    await floor.cancel("a");
    expect(floor.last("order.reported")).toMatchObject({ payload: { intentKey: "a", status: OrderStatus.CANCELED } });
  });

  it("comes from whoever may halt: from a person, not from Portfolio", async () => {
    const floor = await Floor.open();
    for (const server of ["policy", "execution", "validator-1"]) {
      await expect(floor.halt("h1", [server], "all", "portfolio")).rejects.toMatchObject({ code: "REFUSED" });
      await floor.step(() => {});
      const payload = { code: "NOT_ALLOWED", place: "pipeline" };
      expect(floor.last("decision.refused")).toMatchObject({ sender: server, payload });
    }
    expect((await floor.propose(ask("a"))).type).toBe("permit.issued");
  });
});

describe("a halt that the quorum has made global", () => {
  it("P03.policy: Policy refuses HALTED at policy, though nobody halted it directly", async () => {
    const floor = await Floor.open();
    await floor.halt("h1", ["validator-1"]);
    expect(floor.fence.state()).toMatchObject({ epoch: 2n, halts: [{ id: "h1" }] });
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 covers the order"));
  });

  it("stops what was permitted before: HALTED at accept", async () => {
    const floor = await Floor.open();
    const submit = await floor.permit(ask("a"));
    await floor.halt("h1", ["validator-2"]);
    await floor.submit(submit);
    expect(floor.last("order.reported")).toMatchObject(haltedAt("accept", "a"));
    expect(floor.count("order.accepted")).toBe(0);
  });

  it("stops what was accepted before it was written: HALTED at the gate, and its reservation returns", async () => {
    const floor = await Floor.open();
    const submit = await floor.permit(ask("a"));
    floor.firm.store("execution").afterRecord = {
      type: "order.accepted",
      async run() {
        await floor.haltNow("h1", ["validator-1"]);
        await floor.readControl();
      },
    };
    await floor.submit(submit);
    expect(floor.count("order.accepted")).toBe(1);
    expect(floor.last("order.reported")).toMatchObject(haltedAt("gate", "a"));
    expect((await floor.policyState()).orders).toEqual({});
  });

  it("holds after every process was killed, by the log that the next ones read", async () => {
    const before = await Floor.open();
    await before.halt("h1", ["validator-3"]);
    const floor = await before.restart();
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 covers the order"));
  });
});

/** Halted everywhere: by a latch of Policy and of Execution, and in the control log. */
async function haltedFloor(options: Parameters<typeof Floor.open>[0] = {}, ids: readonly string[] = ["h1"]) {
  const floor = await Floor.open(options);
  for (const id of ids) await floor.halt(id, ["policy", "execution", "validator-1"]);
  return floor;
}

/** Trading is open at all three places: Policy permits, Execution accepts, and the gate writes. */
async function expectOpen(floor: Floor, intentKey: string): Promise<void> {
  await floor.submit(await floor.permit(ask(intentKey)));
  expect(floor.last("order.reported")).toMatchObject({ payload: { intentKey, status: OrderStatus.NEW } });
  expect(await latchesOf(floor)).toEqual([[], []]);
}

async function latchesOf(floor: Floor): Promise<readonly (readonly string[])[]> {
  const states = [await floor.policyState(), await floor.executionState()];
  return states.map(({ latches }) => latches.map(({ id }) => id));
}

describe("a resume", () => {
  it("P03.latch-release: that no quorum has certified releases nothing: the next order is HALTED at accept and at the gate", async () => {
    const floor = await Floor.open();
    await floor.halt("h1", ["execution"]);
    const submit = await floor.permit(ask("a"));
    // A real resume of a person's, announced by a validator who has lost his key, in an entry that nobody voted upon.
    const proposal = floor.person(ADA).sealProposal(Log.CONTROL, floor.resumeOf(["h1"], [ADA, BOB]));
    const { bytes } = buildEntry("control", floor.fence.head, [proposal]);
    await floor.announce("validator-1", create(EntryPostedSchema, { entry: bytes }));
    expect((await floor.executionState()).latches).toMatchObject([{ id: "h1" }]);
    expect(askGate(floor, submit)).toMatchObject({ reports: [{ type: "refused", code: "HALTED" }] });
    await floor.submit(submit);
    expect(floor.last("order.reported")).toMatchObject(haltedAt("accept", "a"));
    expect(floor.count("order.accepted")).toBe(0);
  });

  it("that is certified and names the halt opens trading, at Policy and at the gate", async () => {
    const floor = await haltedFloor();
    expect(await latchesOf(floor)).toEqual([["h1"], ["h1"]]);
    expect(await floor.resume(["h1"], [ADA])).toMatchObject({ seq: 4n });
    expect(await latchesOf(floor)).toEqual([[], []]);
    expect(floor.fence.state()).toMatchObject({ epoch: 3n, halts: [] });
    await expectOpen(floor, "a");
  });

  it("that names another halt leaves this one, over a restart too", async () => {
    const before = await haltedFloor({}, ["h1", "h2"]);
    await before.resume(["h2"], [ADA]);
    expect(await latchesOf(before)).toEqual([["h1"], ["h1"]]);
    const floor = await before.restart();
    expect(await latchesOf(floor)).toEqual([["h1"], ["h1"]]);
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 covers the order"));
    await floor.resume(["h1"], [ADA]);
    expect((await floor.propose(ask("b"))).type).toBe("permit.issued");
  });

  it("P03.role: is signed by who may: the signature of a person without the role is ROLE_MISSING", async () => {
    const roles = [
      { person: ADA, roles: [Role.ADMIN, Role.APPROVER] },
      { person: BOB, roles: [Role.RISK] },
    ];
    const floor = await haltedFloor({ roles, openers: [BOB] });
    expect(await floor.resume(["h1"], [ADA])).toMatchObject({ code: "ROLE_MISSING", place: "validator" });
    expect(floor.fence.state().halts).toHaveLength(1);
    expect((await floor.resume(["h1"], [BOB])).code).toBeUndefined();
  });

  it("needs as many persons as the genesis demands: one of two is TOO_FEW_PERSONS, and one twice is one", async () => {
    const floor = await haltedFloor({ resumers: 2 });
    for (const persons of [[ADA], [ADA, ADA]]) {
      const answer = await floor.resume(["h1"], persons);
      expect(answer).toMatchObject({ code: "TOO_FEW_PERSONS", place: "validator" });
      expect(await latchesOf(floor)).toEqual([["h1"], ["h1"]]);
    }
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 covers the order"));
    expect((await floor.resume(["h1"], [ADA, BOB])).code).toBeUndefined();
    expect((await floor.propose(ask("b"))).type).toBe("permit.issued");
  });

  it("voids what was permitted before the halt: PERMIT_OLD_EPOCH at accept", async () => {
    const floor = await Floor.open();
    const submit = await floor.permit(ask("a"));
    await floor.halt("h1", ["validator-1"]);
    await floor.resume(["h1"], [ADA]);
    await floor.submit(submit);
    expect(floor.last("order.reported")).toMatchObject({ payload: { code: "PERMIT_OLD_EPOCH", place: "accept" } });
  });

  it("ends a halt for ever: a copy of it that comes late latches nowhere", async () => {
    const before = await haltedFloor();
    await before.resume(["h1"], [ADA]);
    await expectReleased(before);
    await expectReleased(await before.restart());
  });

  it("releases the latch of one who was dead when the halt became global and was resumed", async () => {
    const before = await Floor.open();
    await before.halt("h1", ["policy", "execution"]);
    expect(await latchesOf(before)).toEqual([["h1"], ["h1"]]);
    const floor = await (await sleepThrough(before, "h1")).restart();
    await expectOpen(floor, "a");
  });

  it("that names another halt leaves the latch of one who was dead meanwhile", async () => {
    const before = await Floor.open();
    await before.halt("h1", ["policy", "execution"]);
    const floor = await (await sleepThrough(before, "h2")).restart();
    expect(await floor.propose(ask("a"))).toMatchObject(haltedAtPolicy("the halt h1 is latched here"));
    expect(await latchesOf(floor)).toEqual([["h1"], ["h1"]]);
  });

  it("ends a halt also for one who slept through both: a copy that comes late latches nowhere", async () => {
    const floor = await (await sleepThrough(await Floor.open(), "h1")).restart();
    await expectReleased(floor);
    await expectOpen(floor, "a");
    await expectReleased(await floor.restart());
  });
});

/** Policy and Execution are killed; while they are down the halt becomes global, and a certified resume names it. */
async function sleepThrough(before: Floor, haltId: string): Promise<Floor> {
  const night = await before.restart({ isAsleep: true });
  await night.halt(haltId, ["validator-1"]);
  await night.resume([haltId], [ADA]);
  expect(night.fence.state()).toMatchObject({ epoch: 3n, halts: [] });
  return night;
}

/** Asked for again, the halt is held by nobody. */
async function expectReleased(floor: Floor): Promise<void> {
  const answers = await floor.halt("h1", ["policy", "execution", "validator-1", "validator-3"]);
  expect(answers.map((answer) => [answer.latched, answer.code])).toEqual(Array(4).fill([false, "RELEASED"]));
  expect(await latchesOf(floor)).toEqual([[], []]);
  expect(floor.fence.state().halts).toEqual([]);
}
