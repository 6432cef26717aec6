import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { BusError } from "@countersign/bus";
import { HeartbeatSchema, HedgeQuoteRequestSchema, HedgeQuoteSchema, QuoteSchema } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { describe, expect, it, vi } from "vitest";
import { type Agent, type Effect, noView } from "./agent.ts";
import { MemoryStore } from "./memory/store.ts";
import { canvasOf, Rig } from "./testing.ts";
import { Together } from "./together.ts";

const CALL = "HedgerService.Quote";
const START_MS = Date.parse("2015-06-01");

interface Ticket {
  readonly issued: number;
}

/** Gives each caller the next number; with `claims`, only to the first who asks for a symbol. */
function desk(claims = false): Agent<Ticket> {
  return {
    canvas: canvasOf("desk", {
      serves: [CALL],
    }),
    keyOf: () => "all",
    initial: () => ({ issued: 0 }),
    decide({ issued }, input) {
      const symbol = input.kind === "call" ? (input.payload as { symbol?: string }).symbol : undefined;
      const payload = create(HedgeQuoteSchema, { explanation: `number ${issued + 1}` });
      const reply = { kind: "reply", type: "hedge.quote", payload, intent: "QUOTE" } as const;
      const claim: Effect = { kind: "claim", id: `symbol ${symbol}`, otherwise: [] };
      return { state: { issued: issued + 1 }, effects: claims ? [claim, reply] : [reply] };
    },
    view: noView,
  };
}

/** A store as far away as a database. */
function distant(store: MemoryStore): MemoryStore {
  return new Proxy(store, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name, of);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        await wait(Math.random() * 3);
        const result: unknown = await value.apply(of, args);
        await wait(Math.random() * 3);
        return result;
      };
    },
  });
}

/** One replica, with its own bus and callers, over a store that others share. */
async function replica(store: MemoryStore, agent = desk(), alone = false) {
  const rig = await Rig.open();
  rig.grant("desk", `hedge.quote ${CALL}`, "decision.refused audit.records.v1");
  rig.grant("friend", `hedge.quote-request ${CALL}`);
  const host = await rig.host(agent, { store: distant(store), fold: "together", alone });
  const request = (idempotencyKey: string, symbol = "SPX") =>
    rig.sealed({
      sender: "friend",
      topic: CALL,
      type: "hedge.quote-request",
      idempotencyKey,
      payload: create(HedgeQuoteRequestSchema, { symbol }),
    }).bytes;
  const ask = async (bytes: Uint8Array) => {
    const opened = openEnvelope(await rig.rpc.call(CALL, "desk", bytes), rig.keys);
    if (!opened.ok) throw new Error(opened.code);
    return { causation: opened.body.causationId, bytes: Buffer.from(opened.bytes).toString("hex") };
  };
  return { rig, host, request, ask };
}

const issued = async (store: MemoryStore) => ((await store.load("all")).state as Ticket | undefined)?.issued;

describe("inputs that wait for a transaction", () => {
  it("go together into the next, and each gets its own answer", async () => {
    const store = new MemoryStore();
    const { host, request, ask } = await replica(store);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(request(`${n}`))));
    expect(new Set(answers.map(({ causation }) => causation)).size).toBe(40);
    expect(await issued(store)).toBe(40);
    expect(host.counts.commits).toBeLessThan(10);
  });

  it("a repetition among them gets the first one's answer, byte for byte", async () => {
    const store = new MemoryStore();
    const { request, ask } = await replica(store);
    const [one, other] = [request("one"), request("other")];
    const [first, , second] = await Promise.all([ask(one), ask(other), ask(new Uint8Array(one))]);
    expect(second).toEqual(first);
    expect(await issued(store)).toBe(2);
  });

  it("a claim is taken by the first of them, as if they had come one after the other", async () => {
    const store = new MemoryStore();
    const { request, ask } = await replica(store, desk(true));
    const asked = ["A", "B", "A", "C", "B"].map((symbol, n) => ask(request(`${n}`, symbol)));
    const settled = await Promise.allSettled(asked);
    expect(settled.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    expect(await issued(store)).toBe(3);
  });
});

describe("a lease that is said with a decision", () => {
  const down: readonly (readonly [string, () => Promise<never>])[] = [
    ["cannot be said", () => Promise.reject(new BusError("retriable", "TIMEOUT", "no broker answers"))],
    ["takes for ever", () => new Promise(() => {})],
  ];

  it.each(down)("and %s is no reason to leave a call without its answer", async (_, publish) => {
    const rig = await Rig.open();
    rig.grant("desk", `hedge.quote ${CALL}`, "agent.heartbeat agents.heartbeat.v1");
    rig.grant("friend", `hedge.quote-request ${CALL}`);
    const payload = create(HeartbeatSchema, { agent: "desk", ready: true });
    const place = { kind: "publish", topic: "agents.heartbeat.v1", key: "desk" } as const;
    const lease: Effect = { ...place, type: "agent.heartbeat", payload, intent: "READY" };
    const quiet = desk();
    const agent: Agent<Ticket> = {
      ...quiet,
      canvas: { ...quiet.canvas, publishes: [{ topic: "agents.heartbeat.v1", types: ["agent.heartbeat"] }] },
      decide(...given) {
        const { state, effects } = quiet.decide(...given);
        return { state, effects: [lease, ...effects] };
      },
    };
    const bus = new Proxy(rig.bus, {
      get: (of, name) => (name === "publish" ? publish : (Reflect.get(of, name, of) as () => void).bind?.(of)),
    });
    const broken: unknown[] = [];
    const options = { bus, fold: "together", onBroken: (error: unknown) => void broken.push(error) } as const;
    await rig.host(agent, options);
    const request = create(HedgeQuoteRequestSchema, { symbol: "SPX" });
    const say = { sender: "friend", topic: CALL, type: "hedge.quote-request", payload: request };
    const answer = openEnvelope(await rig.rpc.call(CALL, "desk", rig.sealed(say).bytes), rig.keys);
    expect(answer).toMatchObject({ ok: true, body: { type: "hedge.quote" } });
    expect(broken).toEqual([]);
  });
});

describe("inputs that may wait", () => {
  /** Each transaction takes a moment; `batches` is what went into each. */
  function transactions() {
    const batches: string[][] = [];
    const together = new Together(async (key, inputs) => {
      batches.push(inputs.map(({ cause }) => `${key} ${cause.msgId}`));
      await wait(2);
      return new Map(inputs.map((one) => [one, {}]));
    });
    const add = (key: string, msgId: string, mayWaitMs?: number) =>
      together.add(key, {
        input: { kind: "tick" },
        cause: { msgId, correlationId: msgId },
        journalled: { kind: "tick" },
        inbox: [{ msgId, digest: new Uint8Array(32) }],
        mayWaitMs,
      });
    return { batches, add };
  }

  it("go with the next of their aggregate that may not, in the order they came, and leave others' alone", async () => {
    const { batches, add } = transactions();
    const later = [add("a", "1", 60_000), add("a", "2", 60_000)];
    void add("b", "3", 60_000);
    await add("c", "4");
    expect(batches).toEqual([["c 4"]]);
    await Promise.all([...later, add("a", "5")]);
    expect(batches.slice(1)).toEqual([["a 1", "a 2", "a 5"]]);
  });

  it("are decided upon when their time is over, though nothing else comes", async () => {
    const { batches, add } = transactions();
    const began = performance.now();
    const first = add("a", "1", 50);
    await wait(20);
    await Promise.all([first, add("a", "2", 50)]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(50);
    expect(batches).toEqual([["a 1", "a 2"]]);
  });

  it("wait no longer when they fill a transaction", async () => {
    const { batches, add } = transactions();
    await Promise.all(Array.from({ length: 64 }, (_, n) => add("a", `${n}`, 60_000)));
    expect(batches.map(({ length }) => length)).toEqual([64]);
  });
});

describe("three replicas over one store", () => {
  it("lose no decision and make none twice, whoever is asked", async () => {
    const store = new MemoryStore();
    const replicas = await Promise.all([replica(store), replica(store), replica(store)]);
    const asked = Array.from({ length: 60 }, (_, n) => {
      return replicas[n % 3]!.ask(replicas[0]!.request(`${n}`));
    });
    await Promise.all(asked);
    expect(await issued(store)).toBe(60);
  });

  it("answer one and the same call alike, though all three are asked at once", async () => {
    const store = new MemoryStore();
    const replicas = await Promise.all([replica(store), replica(store), replica(store)]);
    const bytes = replicas[0]!.request("same");
    const answers = await Promise.all(replicas.map(({ ask }) => ask(new Uint8Array(bytes))));
    expect(new Set(answers.map((answer) => answer.bytes)).size).toBe(1);
    expect(await issued(store)).toBe(1);
  });
});

describe("a replica that believes it is alone", () => {
  it("reads an aggregate once", async () => {
    const store = new MemoryStore();
    const { request, ask } = await replica(store, desk(), true);
    const loads = vi.spyOn(store, "load");
    for (const id of ["1", "2", "3", "4"]) await ask(request(id));
    expect(await issued(store)).toBe(4);
    expect(loads.mock.calls.length - 1).toBe(1);
  });

  it("loses no decision and makes none twice while there is another one", async () => {
    const store = new MemoryStore();
    const replicas = await Promise.all([replica(store, desk(), true), replica(store, desk(), true)]);
    await Promise.all(Array.from({ length: 40 }, (_, n) => replicas[n % 2]!.ask(replicas[0]!.request(`${n}`))));
    for (const n of [40, 41, 42, 43]) await replicas[n % 2]!.ask(replicas[0]!.request(`${n}`));
    expect(await issued(store)).toBe(44);
  });
});

describe("what happens once by itself", () => {
  const counter: Agent<Ticket, object> = {
    ...desk(),
    canvas: { ...desk().canvas, observes: [{ topic: "market.quotes.v1", as: "every" }] },
    decide: ({ issued }, input) => ({
      state: { issued: issued + 1 },
      effects: input.kind === "market" ? [{ kind: "timer", id: "t", dueMs: START_MS + 10, data: null }] : [],
    }),
    view: { create: () => ({}), fold: () => ({ name: "bar", data: null }), snapshot: () => null, restore: () => ({}) },
  };

  /** A life of the agent that sees the market from its beginning, as after a crash. */
  async function life(store: MemoryStore, quote: (rig: Rig) => Uint8Array) {
    const rig = await Rig.open(START_MS);
    rig.grant("friend", "market.quote market.quotes.v1");
    await rig.host(counter, { store, fold: "together" });
    await rig.deliver("market.quotes.v1", "A", quote(rig));
    return rig;
  }

  it("is decided upon by one life of several, and its timer rings for one", async () => {
    const store = new MemoryStore();
    const payload = create(QuoteSchema, { symbol: "A" });
    const say = { sender: "friend", topic: "market.quotes.v1", key: "A", type: "market.quote", payload };
    let bytes: Uint8Array | undefined;
    const quote = (rig: Rig) => (bytes ??= rig.sealed(say).bytes);
    const rigs = [await life(store, quote), await life(store, quote), await life(store, quote)];
    await expect.poll(() => issued(store)).toBe(1);
    await Promise.all(rigs.map((rig) => rig.run(() => {}, START_MS + 20)));
    expect(await issued(store)).toBe(2);
  });
});
