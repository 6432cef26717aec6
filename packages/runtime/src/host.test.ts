import { create, type Message } from "@bufbuild/protobuf";
import {
  DecisionMadeSchema,
  HedgeQuoteRequestSchema,
  HedgeQuoteSchema,
  type OrderCommand,
  OrderCommandSchema,
  QuoteSchema,
  type Signal,
  SignalSchema,
} from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { type Agent, type Effect, type Input, noView, type PublishEffect } from "./agent.ts";
import { decodeJson } from "./codec.ts";
import type { JournalEntry } from "./journal.ts";
import { MemoryStore } from "./memory/store.ts";
import { canvasOf, Rig } from "./testing.ts";

interface Count {
  readonly seen: number;
}

const say = (decision: string): PublishEffect => ({
  kind: "publish",
  topic: "audit.records.v1",
  key: "counter",
  type: "decision.made",
  payload: create(DecisionMadeSchema, { decision }),
  intent: "COUNT",
});

/** Counts what it decides upon; what else it does is the test's. */
function counter(effects: (input: Input, state: Count) => readonly Effect[] = () => []): Agent<Count> {
  return {
    canvas: canvasOf("counter", {
      observes: [
        { topic: "signals.market.v1", as: "group" },
        { topic: "orders.intent.v1", as: "group" },
        { topic: "market.quotes.v1", as: "every" },
      ],
      publishes: [{ topic: "audit.records.v1", types: ["decision.made"] }],
      calls: ["HedgerService.Quote"],
      serves: ["HedgerService.Quote"],
    }),
    keyOf: (input) => (input.kind === "fence" || input.kind === "tick" ? undefined : "all"),
    initial: () => ({ seen: 0 }),
    decide: (state, input) => ({
      state: { seen: state.seen + 1 },
      effects: [say(`${input.kind}`), ...effects(input, state)],
    }),
    view: noView,
  };
}

async function open(agent: Agent<Count>, store = new MemoryStore()) {
  const rig = await Rig.open();
  rig.grant(
    "counter",
    "decision.made audit.records.v1",
    "decision.refused audit.records.v1",
    "hedge.quote-request HedgerService.Quote",
    "hedge.quote HedgerService.Quote",
  );
  rig.grant(
    "friend",
    "market.signal signals.market.v1",
    "order.intent orders.intent.v1",
    "hedge.quote-request HedgerService.Quote",
    "market.quote market.quotes.v1",
  );
  const host = await rig.host(agent, { store });
  const records = await rig.tap("audit.records.v1");
  const seen = async () => ((await store.load("all")).state as Count | undefined)?.seen ?? 0;
  const types = () =>
    records.map(({ value }) => {
      const opened = openEnvelope(value, rig.keys);
      return opened.ok ? opened.body.type : opened.code;
    });
  return { rig, host, store, records, seen, types };
}

const signal = (
  strategy = "trend",
): { sender: string; topic: string; key: string; type: string; payload: Signal & Message } => ({
  sender: "friend",
  topic: "signals.market.v1",
  key: "AAPL",
  type: "market.signal",
  payload: create(SignalSchema, { symbol: "AAPL", strategy }),
});
const command = (): OrderCommand =>
  create(OrderCommandSchema, { command: { case: "cancel", value: { account: "main", intentKey: "k" } } });

describe("Host", () => {
  it("acts on a message once, however often it is delivered", async () => {
    const { rig, seen, types } = await open(counter());
    const { bytes, body } = rig.sealed(signal());
    for (let n = 0; n < 3; n++) await rig.deliver("signals.market.v1", "AAPL", bytes, body);
    // A copy of the bytes has no cached verification: the inbox guards, not the cache.
    await rig.deliver("signals.market.v1", "AAPL", new Uint8Array(bytes), body);
    expect(await seen()).toBe(1);
    expect(types()).toEqual(["decision.made"]);
  });

  it("refuses another body under a known idempotency key as CONFLICT, and keeps it byte for byte", async () => {
    const { rig, seen, host } = await open(counter());
    const dlq = await rig.tap("orders.intent.v1.counter.dlq");
    const order = {
      sender: "friend",
      topic: "orders.intent.v1",
      key: "main",
      type: "order.intent",
      idempotencyKey: "once",
    };
    await rig.say({ ...order, payload: command() });
    await rig.say({ ...order, payload: command() });
    expect(await seen()).toBe(1);
    expect(dlq).toEqual([]);
    const other = create(OrderCommandSchema, {
      command: { case: "cancel", value: { account: "main", intentKey: "other" } },
    });
    const { bytes, body } = rig.sealed({ ...order, payload: other });
    await rig.deliver("orders.intent.v1", "main", bytes, body);
    expect(await seen()).toBe(1);
    expect(dlq.map(({ value, headers }) => [Buffer.compare(value, bytes), headers["x-dlq-error-code"]])).toEqual([
      [0, "CONFLICT"],
    ]);
    expect([...host.refusals]).toEqual([["CONFLICT", 1]]);
  });

  it("refuses a stale command, but not a repetition of one it has acted on", async () => {
    const { rig, seen, host } = await open(counter());
    const order = {
      sender: "friend",
      topic: "orders.intent.v1",
      key: "main",
      type: "order.intent",
      payload: command(),
    };
    const first = rig.sealed(order);
    await rig.deliver("orders.intent.v1", "main", first.bytes, first.body);
    const late = rig.sealed(order);
    await rig.run(() => {}, rig.scheduler.nowMs() + 31_000);
    await rig.deliver("orders.intent.v1", "main", new Uint8Array(first.bytes), first.body);
    expect([...host.refusals]).toEqual([]);
    await rig.deliver("orders.intent.v1", "main", late.bytes, late.body);
    expect([...host.refusals]).toEqual([["STALE", 1]]);
    expect(await seen()).toBe(1);
  });

  it("writes a stale command down for who only records it: it was said all the same", async () => {
    const agent = counter();
    const observes = agent.canvas.observes.map((one) => ({ ...one, isRecorded: true }));
    const { rig, host, seen } = await open({ ...agent, canvas: { ...agent.canvas, observes } });
    const payload = command();
    const late = rig.sealed({
      sender: "friend",
      topic: "orders.intent.v1",
      key: "main",
      type: "order.intent",
      payload,
    });
    await rig.run(() => {}, rig.scheduler.nowMs() + 31_000);
    await rig.deliver("orders.intent.v1", "main", late.bytes, late.body);
    expect([...host.refusals]).toEqual([]);
    expect(await seen()).toBe(1);
  });

  it("does not refuse a stale event: what happened has happened", async () => {
    const { rig, seen } = await open(counter());
    const late = rig.sealed(signal());
    await rig.run(() => {}, rig.scheduler.nowMs() + 86_400_000);
    await rig.deliver("signals.market.v1", "AAPL", late.bytes, late.body);
    expect(await seen()).toBe(1);
  });

  it("puts what it refuses on record, counted by code, and never decides on it", async () => {
    const { rig, seen, host, types } = await open(counter());
    const { bytes, body } = rig.sealed(signal());
    const flipped = new Uint8Array(bytes);
    flipped[flipped.length >> 1]! ^= 1;
    await rig.deliver("signals.market.v1", "AAPL", flipped, body);
    await rig.deliver("signals.market.v1", "MSFT", bytes, body);
    expect(await seen()).toBe(0);
    expect([...host.refusals.values()]).toEqual([1, 1]);
    expect(host.refusals.has("WRONG_RECORD_KEY")).toBe(true);
    expect(types()).toEqual(["decision.refused", "decision.refused"]);
  });

  it("undoes a decision whose claim was taken, and does what it said it would do otherwise", async () => {
    const claim = (): Effect => ({ kind: "claim", id: "the one", otherwise: [say("too late")] });
    const { rig, seen, store, types } = await open(counter(() => [claim()]));
    await rig.say(signal("a"));
    await rig.say(signal("b"));
    expect(await seen()).toBe(1);
    expect(types()).toEqual(["decision.made", "decision.made"]);
    const journal = (await store.journal(0n, 10)).map(({ entry }) => decodeJson(entry) as JournalEntry);
    expect(journal.map(({ claimed }) => claimed)).toEqual([undefined, "the one"]);
  });

  it("brings a timer back when decision time has come, also to the process that comes after", async () => {
    const store = new MemoryStore();
    const setter = counter((input) =>
      input.kind === "message" ? [{ kind: "timer", id: "t", dueMs: rigTime + 1_000, data: { n: 1n } }] : [],
    );
    const first = await open(setter, store);
    const rigTime = first.rig.scheduler.nowMs();
    await first.rig.say(signal());
    await first.host.close();
    const got: unknown[] = [];
    const second = await open(
      counter((input) => {
        if (input.kind === "timer") got.push([input.id, input.dueMs, input.data]);
        return [];
      }),
      store,
    );
    await second.rig.run(() => {}, rigTime + 999);
    expect(got).toEqual([]);
    await second.rig.run(() => {}, rigTime + 5_000);
    await second.rig.run(() => {}, rigTime + 9_000);
    expect(got).toEqual([["t", rigTime + 1_000, { n: 1n }]]);
    expect(await store.timers()).toEqual([]);
  });

  it("answers a call through the same doors, and a repetition with the same bytes", async () => {
    const quote = create(HedgeQuoteSchema, { hedgeSymbol: "SPX" });
    const { rig, seen } = await open(
      counter((input) =>
        input.kind === "call" ? [{ kind: "reply", type: "hedge.quote", payload: quote, intent: "QUOTE" }] : [],
      ),
    );
    const request = rig.sealed({
      sender: "friend",
      topic: "HedgerService.Quote",
      type: "hedge.quote-request",
      payload: create(HedgeQuoteRequestSchema, { symbol: "AAPL" }),
    });
    const ask = async (bytes: Uint8Array) => {
      let answer: Uint8Array | undefined;
      await rig.run(async () => {
        answer = await rig.rpc.call("HedgerService.Quote", "counter", bytes);
      });
      return answer;
    };
    const first = await ask(request.bytes);
    const again = await ask(new Uint8Array(request.bytes));
    expect(Buffer.compare(first!, again!)).toBe(0);
    expect(await seen()).toBe(1);
    const opened = openEnvelope(first!, rig.keys);
    expect(opened.ok && [opened.body.type, opened.body.causationId, opened.body.topic]).toEqual([
      "hedge.quote",
      request.body.msgId,
      "HedgerService.Quote",
    ]);
  });

  it("makes a call after its commit and hands the answer to decide; a missing server is an input too", async () => {
    const inputs: string[] = [];
    const call = (to: string): Effect => ({
      kind: "call",
      id: `ask ${to}`,
      call: "HedgerService.Quote",
      to,
      type: "hedge.quote-request",
      payload: create(HedgeQuoteRequestSchema, {}),
      intent: "ASK",
      idempotencyKey: `ask ${to}`,
    });
    const { rig } = await open(
      counter((input) => {
        inputs.push(input.kind === "answer" || input.kind === "no-answer" ? `${input.kind} ${input.id}` : input.kind);
        if (input.kind === "message") return [call("counter"), call("nobody")];
        return input.kind === "call"
          ? [{ kind: "reply", type: "hedge.quote", payload: create(HedgeQuoteSchema, {}), intent: "QUOTE" }]
          : [];
      }),
    );
    await rig.say(signal());
    expect(inputs).toEqual(["message", "call", "answer ask counter", "no-answer ask nobody"]);
  });

  it("hands an act to its edge after the commit and takes the report as an input", async () => {
    const rig = await Rig.open();
    rig.grant("counter", "decision.made audit.records.v1");
    rig.grant("friend", "market.signal signals.market.v1");
    const inputs: unknown[] = [];
    const agent = counter((input) => {
      inputs.push(input.kind === "edge" ? [input.name, input.data] : input.kind);
      return input.kind === "message" ? [{ kind: "act", name: "send", data: 7n }] : [];
    });
    await rig.host(agent, { edge: { act: (name, data) => [{ id: "1", name: `${name} done`, data }] } });
    await rig.say(signal());
    expect(inputs).toEqual(["message", ["send done", 7n]]);
  });

  it("takes what its edge has to say at a tick as an input, after the tick", async () => {
    const rig = await Rig.open();
    const inputs: unknown[] = [];
    const counting = counter((input) => {
      inputs.push(input.kind === "edge" ? [input.name, input.data] : input.kind);
      return [];
    });
    const agent = { ...counting, keyOf: () => "AAPL" };
    const host = await rig.host(agent, { edge: { tick: () => [{ id: "1", name: "looked", data: 7n }] } });
    await rig.run(() => host.tick());
    expect(inputs).toEqual(["tick", ["looked", 7n]]);
  });

  it("takes what its edge starts with as an input, once, before any message", async () => {
    const rig = await Rig.open();
    rig.grant("counter", "decision.made audit.records.v1");
    rig.grant("friend", "market.signal signals.market.v1");
    const inputs: unknown[] = [];
    const agent = counter((input) => {
      inputs.push(input.kind === "edge" ? [input.id, input.name, input.data] : input.kind);
      return [];
    });
    await rig.host(agent, { edge: { started: () => [{ id: "life 1", name: "started", data: 7n }] } });
    expect(inputs).toEqual([]);
    await rig.say(signal());
    await rig.say(signal());
    expect(inputs).toEqual([["life 1", "started", 7n], "message", "message"]);
  });

  it("publishes after a crash what was committed and not published, as the same bytes", async () => {
    class Forgetful extends MemoryStore {
      override async markPublished(): Promise<void> {}
    }
    const store = new Forgetful();
    const first = await open(counter(), store);
    await first.rig.say(signal());
    const second = await Rig.open();
    second.grant("counter", "decision.made audit.records.v1");
    const again = await second.tap("audit.records.v1");
    await second.run(() => second.host(counter(), { store }).then(() => {}));
    expect(again.map(({ value }) => Buffer.compare(value, first.records[0]!.value))).toEqual([0]);
  });

  it("folds a step's inputs in one transaction, and the rest of them when one was seen before", async () => {
    const store = new MemoryStore();
    const rig = await Rig.open();
    rig.grant("counter", "decision.made audit.records.v1");
    rig.grant("friend", "market.signal signals.market.v1");
    const host = await rig.host(counter(), { store, fold: "step" });
    const repeated = rig.sealed(signal("a"));
    const flush = () => rig.run(() => host.flush());
    await rig.deliver("signals.market.v1", "AAPL", repeated.bytes, repeated.body);
    await flush();
    const twice = rig.sealed(signal("b"));
    for (let n = 0; n < 2; n++) await rig.deliver("signals.market.v1", "AAPL", twice.bytes, twice.body);
    await rig.deliver("signals.market.v1", "AAPL", repeated.bytes, repeated.body);
    await rig.say(signal("c"));
    await flush();
    expect(await store.load("all")).toEqual({ state: { seen: 3 }, version: 2n });
  });

  it("drops a quote it has folded and folds the rest without a transaction", async () => {
    const folded: bigint[] = [];
    const agent: Agent<Count> = {
      ...counter(),
      view: { ...noView, fold: (_view, { ref }) => void folded.push(ref.seq) },
    };
    const { rig, host } = await open(agent);
    const quote = () =>
      rig.sealed({
        sender: "friend",
        topic: "market.quotes.v1",
        key: "AAPL",
        type: "market.quote",
        payload: create(QuoteSchema, { symbol: "AAPL" }),
      });
    const one = quote();
    await rig.deliver("market.quotes.v1", "AAPL", one.bytes);
    await rig.deliver("market.quotes.v1", "AAPL", one.bytes);
    await rig.deliver("market.quotes.v1", "AAPL", quote().bytes);
    expect(folded).toEqual([1n, 2n]);
    expect(host.counts.commits).toBe(0);
  });
});
