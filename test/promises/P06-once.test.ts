/**
 * P06 Once. No message is acted on twice (`msg_id`), no command executed twice (`idempotency_key`): a repetition gets the first
 * outcome. A stale command is refused; an event, a proposal of what has happened and a halt never expire: a fill an hour late is still
 * a fill.
 *
 * Of two processes of one account one writes to the venue: the other commits nothing from that one's claim on, and writes nothing when its
 * right to has run out.
 *
 * On the real host and both stores, in memory and PostgreSQL; a restart is a new host over the same store.
 */
import { create } from "@bufbuild/protobuf";
import {
  FillSchema,
  HaltRequestSchema,
  HedgeQuoteRequestSchema,
  OrderCommandSchema,
  ProposeRequestSchema,
  QuoteSchema,
  SignalSchema,
} from "@countersign/contracts";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { claimWriter, emptyCommit, MemoryStore, openPostgresStore, type Store } from "@countersign/runtime";
import type { Say } from "@countersign/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusedAtGate, sendThroughGate, written } from "./support/gate.ts";
import { signal } from "./support/p07-forgeries.ts";
import { actedOnce, type Delivery, deliveryOf, nothingNew, Probe, refused } from "./support/p07-probe.ts";

const ORDERS = "orders.intent.v1";
const QUOTE = "HedgerService.Quote";
const HOUR_MS = 3_600_000;

const cancelOf = (intentKey: string) =>
  create(OrderCommandSchema, { command: { case: "cancel", value: { account: "main", intentKey } } });
const command: Say = {
  sender: "friend",
  topic: ORDERS,
  key: "main",
  type: "order.intent",
  payload: cancelOf("one"),
  idempotencyKey: "once",
};
const question: Say = {
  sender: "friend",
  topic: QUOTE,
  type: "hedge.quote-request",
  payload: create(HedgeQuoteRequestSchema, { symbol: "AAPL" }),
  idempotencyKey: "once",
};

/** Sealed anew, and as it would be delivered. */
function delivery(probe: Probe, say: Say): Delivery {
  const { body, bytes } = probe.rig.sealed(say);
  return deliveryOf(body, bytes);
}
/** What a process has verified stays with the very array: a copy is verified once more. */
const copyOf = (one: Delivery): Delivery => ({ ...one, bytes: new Uint8Array(one.bytes) });
const later = (probe: Probe, ms: number) => probe.rig.run(() => {}, probe.rig.scheduler.nowMs() + ms);

/** Delivers it again in every way there is. */
async function again(probe: Probe, one: Delivery): Promise<void> {
  await expect(probe.deliver(one)).resolves.toEqual(nothingNew);
  await expect(probe.deliver(copyOf(one))).resolves.toEqual(nothingNew);
  await probe.restart();
  await expect(probe.deliver(copyOf(one))).resolves.toEqual(nothingNew);
  await later(probe, HOUR_MS);
  await expect(probe.deliver(copyOf(one))).resolves.toEqual(nothingNew);
}

interface Stores extends AsyncDisposable {
  readonly open: () => Promise<Store>;
}

const stores: Readonly<Record<string, () => Promise<Stores>>> = {
  memory: async () => ({ open: async () => new MemoryStore(), [Symbol.asyncDispose]: async () => {} }),
  async PostgreSQL() {
    const database: TestDatabase = await sharedTestServer();
    const pool: Pool = openPool(database.url, { max: 4, applicationName: "P06" });
    let schemas = 0;
    return {
      open: () => openPostgresStore(pool, `probe_${++schemas}`),
      async [Symbol.asyncDispose]() {
        await pool.close();
        await database[Symbol.asyncDispose]();
      },
    };
  },
};
const markOf: Readonly<Record<string, string>> = { memory: "P06.memory", PostgreSQL: "P06.postgres" };

describe.each(Object.keys(stores))("with its store in %s", (name) => {
  let open: Stores["open"];
  let made: Stores | undefined;
  beforeAll(async () => {
    made = await stores[name]?.();
    if (made === undefined) throw new Error(`no store ${name}`);
    open = made.open;
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  it(`${markOf[name]}: a message is acted on once, however often it is delivered, in this life and the next`, async () => {
    const probe = await Probe.open({ store: await open() });
    const one = delivery(probe, signal);
    expect(await probe.deliver(one)).toEqual(actedOnce);
    await again(probe, one);
    // What is new is acted upon all the same.
    expect(await probe.deliver(delivery(probe, signal))).toEqual(actedOnce);
    expect(await probe.acted()).toBe(2);
  });

  it("a command is executed once, under whatever msg_id its sender repeats it", async () => {
    const probe = await Probe.open({ store: await open() });
    const one = delivery(probe, command);
    expect(await probe.deliver(one)).toEqual(actedOnce);
    await again(probe, one);
    const repeated = delivery(probe, command);
    expect(repeated.headers?.ce_id).not.toBe(one.headers?.ce_id);
    await again(probe, repeated);
    expect(await probe.acted()).toBe(1);
  });

  it("a call is answered with its first answer, byte for byte, in this life and the next", async () => {
    const probe = await Probe.open({ store: await open() });
    const { bytes } = probe.rig.sealed(question);
    const first = await probe.call(QUOTE, bytes);
    expect(first).toEqual({ ...actedOnce, answer: expect.any(Uint8Array) });
    for (const repeat of [new Uint8Array(bytes), probe.rig.sealed(question).bytes]) {
      expect(await probe.call(QUOTE, repeat)).toEqual({ ...nothingNew, answer: first.answer });
    }
    await probe.restart();
    await later(probe, HOUR_MS);
    expect(await probe.call(QUOTE, new Uint8Array(bytes))).toEqual({ ...nothingNew, answer: first.answer });
  });

  it("of two processes over one store, one acts, and both give its answer", async () => {
    const store = await open();
    const [left, right] = [await Probe.open({ store }), await Probe.open({ store })];
    for (let n = 0; n < 5; n++) {
      const one = delivery(left, { ...signal, payload: create(SignalSchema, { symbol: "AAPL", strategy: `${n}` }) });
      await Promise.all([left.deliver(one), right.deliver(copyOf(one))]);
      const { bytes } = left.rig.sealed({ ...question, idempotencyKey: `${n}` });
      const answers = await Promise.all([left.call(QUOTE, bytes), right.call(QUOTE, new Uint8Array(bytes))]);
      expect(answers[0].answer).toEqual(answers[1].answer);
      expect(answers[0].answer).toBeInstanceOf(Uint8Array);
      expect(await left.acted()).toBe(2 * (n + 1));
    }
  });

  it("another payload under a known idempotency key is CONFLICT by the inbox, in this life and the next", async () => {
    const probe = await Probe.open({ store: await open() });
    await probe.deliver(delivery(probe, command));
    const other = () => delivery(probe, { ...command, payload: cancelOf("another") });
    expect(await probe.deliver(other())).toEqual(refused("CONFLICT", "inbox", ORDERS));
    await probe.restart();
    expect(await probe.deliver(other())).toEqual(refused("CONFLICT", "inbox", ORDERS));
  });
});

describe("what stands in the inbox is the outcome", () => {
  it("P06.inbox: a repeated call is answered by the inbox, without a second decision", async () => {
    const probe = await Probe.open();
    const { bytes } = probe.rig.sealed(question);
    const { answer } = await probe.call(QUOTE, bytes);
    expect(await probe.call(QUOTE, bytes)).toEqual({ ...nothingNew, answer });
  });

  it("P06.conflict: a known idempotency key with another payload is CONFLICT by the inbox, never the first outcome", async () => {
    const probe = await Probe.open();
    expect(await probe.deliver(delivery(probe, command))).toEqual(actedOnce);
    const other = delivery(probe, { ...command, payload: cancelOf("another") });
    expect(await probe.deliver(other)).toEqual(refused("CONFLICT", "inbox", ORDERS));

    await probe.call(QUOTE, probe.rig.sealed(question).bytes);
    const asked = probe.rig.sealed({ ...question, payload: create(HedgeQuoteRequestSchema, { symbol: "MSFT" }) });
    const refusals = [{ code: "CONFLICT", place: "inbox", cameBy: QUOTE, isOf: true }];
    expect(await probe.call(QUOTE, asked.bytes)).toEqual({ ...nothingNew, refusals, answer: "REFUSED" });
  });

  it("an idempotency key is its sender's own: another's is another command", async () => {
    const probe = await Probe.open();
    probe.grant("other");
    expect(await probe.deliver(delivery(probe, command))).toEqual(actedOnce);
    expect(await probe.deliver(delivery(probe, { ...command, sender: "other" }))).toEqual(actedOnce);
  });

  it("P06.market: a quote is folded once, by its place in the feed", async () => {
    const probe = await Probe.open();
    const quote = { ...signal, topic: "market.quotes.v1", type: "market.quote" };
    const said = { ...quote, payload: create(QuoteSchema, { symbol: "AAPL" }) };
    const [first, second] = [delivery(probe, said), delivery(probe, said)];
    expect(await probe.deliver(first)).toEqual(actedOnce);
    expect(await probe.deliver(first)).toEqual(nothingNew);
    expect(await probe.deliver(second)).toEqual(actedOnce);
    expect(await probe.deliver(first)).toEqual(nothingNew);
  });
});

describe("an order is written by the account's one writer", () => {
  it("P06.writer: a process whose right has run out writes nothing: NOT_THE_WRITER at the gate", () => {
    expect(sendThroughGate()).toEqual(written);
    expect(sendThroughGate({ facts: { mayWrite: () => false } })).toEqual(refusedAtGate("NOT_THE_WRITER"));
  });

  it("P06.fenced: what a process commits after another has claimed the store is not there, and it is told so", async () => {
    const store = new MemoryStore();
    const claim = () => claimWriter(store, { onFenced: () => {} });
    const [earlier, later] = [await claim(), await claim()];
    const commit = { ...emptyCommit, aggregate: { key: "main", version: 0n, state: "late" } };
    await expect(earlier.store.commit(commit)).rejects.toMatchObject({ code: "STORE_FENCED" });
    expect(await store.load("main")).toEqual({ state: undefined, version: 0n });
    expect(await later.store.commit(commit)).toMatchObject({ kind: "committed" });
    await Promise.all([earlier.close(), later.close()]);
  });
});

describe("what asks for something goes stale", () => {
  const at = (probe: Probe, ageMs: number) => probe.rig.scheduler.nowMs() - ageMs;

  it("P06.stale: a command and a question older than their time are STALE by the pipeline; at their time they are not", async () => {
    const probe = await Probe.open();
    const aged = (ageMs: number) => ({ ...command, sentAtMs: at(probe, ageMs), idempotencyKey: `${ageMs}` });
    expect(await probe.deliver(delivery(probe, aged(30_001)))).toEqual(refused("STALE", "pipeline", ORDERS));
    expect(await probe.deliver(delivery(probe, aged(30_000)))).toEqual(actedOnce);
    const { bytes } = probe.rig.sealed({ ...question, sentAtMs: at(probe, 30_001) });
    const refusals = [{ code: "STALE", place: "pipeline", cameBy: QUOTE, isOf: true }];
    expect(await probe.call(QUOTE, bytes)).toEqual({ ...nothingNew, refusals, answer: "REFUSED" });
  });

  it("P06.future: a command from further ahead than a clock may be is FUTURE by the pipeline", async () => {
    const probe = await Probe.open();
    const ahead = (ms: number) => ({ ...command, sentAtMs: at(probe, -ms), idempotencyKey: `${ms}` });
    expect(await probe.deliver(delivery(probe, ahead(5_001)))).toEqual(refused("FUTURE", "pipeline", ORDERS));
    expect(await probe.deliver(delivery(probe, ahead(5_000)))).toEqual(actedOnce);
  });

  it("no sender makes a command live longer than five minutes", async () => {
    const probe = await Probe.open();
    const lasting = { ...command, ttlMs: 86_400_000, sentAtMs: at(probe, 300_001) };
    expect(await probe.deliver(delivery(probe, lasting))).toEqual(refused("STALE", "pipeline", ORDERS));
  });

  it("a repetition of what was acted on in time gets the first outcome, however late it comes", async () => {
    const probe = await Probe.open();
    const one = delivery(probe, command);
    expect(await probe.deliver(one)).toEqual(actedOnce);
    const unheard = delivery(probe, { ...command, idempotencyKey: "unheard" });
    await later(probe, HOUR_MS);
    expect(await probe.deliver(one)).toEqual(nothingNew);
    expect(await probe.deliver(unheard)).toEqual(refused("STALE", "pipeline", ORDERS));
  });
});

describe("what happened has happened: an hour late or early, it is acted upon", () => {
  const said = (type: string, topic: string) => ({ $typeName: "countersign.v1.TypeGrant" as const, type, topic });
  const fill: Say = {
    sender: "execution",
    topic: "orders.execution.v1",
    key: "main",
    type: "order.filled",
    payload: create(FillSchema, { fillId: "f1", account: "main" }),
  };

  it.each([
    ["a signal", signal],
    ["a fill", fill],
  ])("%s", async (_, say) => {
    const probe = await Probe.open();
    probe.grant("execution", { types: [said("order.filled", "orders.execution.v1")] });
    for (const offMs of [-HOUR_MS, HOUR_MS]) {
      const sentAtMs = probe.rig.scheduler.nowMs() + offMs;
      expect(await probe.deliver(delivery(probe, { ...say, sentAtMs }))).toEqual(actedOnce);
    }
  });

  it.each([
    ["a proposal to the quorum", "QuorumService.Propose", "quorum.propose", create(ProposeRequestSchema, {})],
    ["a halt", "HaltService.Halt", "halt.request", create(HaltRequestSchema, {})],
  ])("%s", async (_, topic, type, payload) => {
    const probe = await Probe.open();
    for (const offMs of [-HOUR_MS, HOUR_MS]) {
      const sentAtMs = probe.rig.scheduler.nowMs() + offMs;
      const { bytes } = probe.rig.sealed({ sender: "friend", topic, type, payload, sentAtMs });
      expect(await probe.call(topic, bytes)).toEqual({ ...actedOnce, answer: expect.any(Uint8Array) });
    }
  });
});
