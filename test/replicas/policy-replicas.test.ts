// Three Policies answer at once for one account, over one real PostgreSQL and by real gRPC: together they allow what one alone would.
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import type { Store } from "@countersign/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ask } from "../../agents/policy/src/testing-world.ts";
import { type Bounds, problemsOf, readHistory } from "./support/history.ts";
import { openReplicas, type Replicas } from "./support/policies.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = 3;
const INTENTS = 120;
const STORMS_MAX = 10;

/** In dollars as a limits file has them. */
const rules = [
  { metric: "gross_exposure", scope: "account", comparator: ">", threshold: "300000", action: "reject" },
  { metric: "gross_exposure", scope: "symbol", comparator: ">", threshold: "180000", action: "reject" },
  { metric: "order_notional", scope: "account", comparator: ">", threshold: "30000", action: "reject" },
  { metric: "order_rate", scope: "account", comparator: ">", threshold: "60", action: "reject" },
];
/** The same in hundredths: an order is reserved at its limit price, and measured at a mark that is never higher here. */
const bounds: Bounds = { grossUnits: 30_000_000n, symbolUnits: 18_000_000n, permits: 60 };

let database: TestDatabase;
let schemas = 0;
beforeAll(async () => {
  database = await sharedTestServer();
});
afterAll(() => database?.[Symbol.asyncDispose]());

/** Numbers from 0 to 1 that follow from a text: the same for the same seed, whatever else runs. */
function randomOf(text: string): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${text} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}

interface Planned {
  readonly ask: Ask;
  /** Which replicas are asked, one after another or at once. */
  readonly at: readonly number[];
  readonly afterMs: number;
}

/** Both symbols, odd sizes, prices up to the mark; most asked once, some at several replicas at the same time. */
function plan(random: () => number): readonly Planned[] {
  return Array.from({ length: INTENTS }, (_, n) => {
    const isShare = random() < 0.6;
    const [symbol, most, mark] = isShare ? ["AAPL", 320, 9_999] : ["SPX", 1_600, 199_999];
    const quantity = BigInt(1 + Math.floor(random() * most));
    const limit = BigInt(mark - Math.floor(random() * 50));
    const replicas = random() < 0.3 ? 2 + Math.floor(random() * 2) : 1;
    const first = Math.floor(random() * 3);
    const at = Array.from({ length: replicas }, (_, k) => (first + k) % 3);
    return { ask: { key: `intent ${n}`, symbol, quantity, limit, side: "BUY" }, at, afterMs: random() * 60 };
  });
}

/** By intent key. */
type Asked = ReadonlyMap<
  string,
  { readonly ask: Ask; readonly request: Uint8Array; readonly answers: readonly Uint8Array[] }
>;

async function storm(replicas: Replicas, random: () => number): Promise<Asked> {
  const asked = plan(random).map(async ({ ask, at, afterMs }) => {
    const request = replicas.request(ask);
    await wait(afterMs);
    const answers = await Promise.all(at.map((n) => replicas.all[n]!.ask(request)));
    return [ask.key!, { ask, request, answers }] as const;
  });
  return new Map(await Promise.all(asked));
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe("three Policies at once", () => {
  it.each(Array.from({ length: RUNS }, (_, run) => run))("permit what one alone would (run %i)", async (run) => {
    console.log(`policy-replicas seed ${seed}, run ${run}`);
    const random = randomOf(`${seed} ${run}`);
    let isFar = true;
    const farMs = () => (isFar ? random() * 8 : 0);
    await using replicas = await openReplicas(database.url, `policy_${++schemas}`, rules, 3, (store) =>
      distant(store, farMs),
    );
    const answers = await storm(replicas, random);
    const history = await readHistory(replicas);
    expect(problemsOf(history, new Set(answers.keys()), bounds, replicas)).toEqual([]);
    expect(replicas.broken).toEqual([]);
    // Something was allowed, something was not, and every replica took its part.
    expect(history.permits.length).toBeGreaterThan(10);
    expect(history.permits.length).toBeLessThan(INTENTS);
    for (const { host } of replicas.all) expect(host.counts.commits).toBeGreaterThan(0);
    isFar = false;
    await sameAgain(replicas, answers);
    expect(await readHistory(replicas)).toEqual(history);
  });

  it("is a test that can fail: without compare-and-set they permit more than one would", async () => {
    const found = new Set<string>();
    const all = ["LIMIT", "RESERVED", "ORDER"];
    // One storm may be over before two replicas have met on each of them.
    for (let storms = 0; storms < STORMS_MAX && !all.every((kind) => found.has(kind)); storms++) {
      const random = randomOf(`${seed} blind ${storms}`);
      await using replicas = await openReplicas(database.url, `policy_${++schemas}`, rules, 3, (store) =>
        distant(blind(store), () => random() * 8),
      );
      const answers = await storm(replicas, random);
      const problems = problemsOf(await readHistory(replicas), new Set(answers.keys()), bounds, replicas);
      for (const problem of problems) found.add(problem.split(" ")[0] ?? "");
    }
    expect([...found]).toEqual(expect.arrayContaining(all));
  });
});

/** The same bytes, and the same intent in another envelope: each replica gives the first answer, byte for byte. */
async function sameAgain({ all, request }: Replicas, asked: Asked): Promise<void> {
  for (const one of asked.values()) expect(new Set(one.answers.map(text)).size).toBe(1);
  const askAgain = all.map(async (replica) => {
    for (const one of asked.values()) {
      expect(text(await replica.ask(one.request))).toBe(text(one.answers[0]!));
      expect(text(await replica.ask(request(one.ask)))).toBe(text(one.answers[0]!));
    }
  });
  await Promise.all(askAgain);
}

/** The store with a network between: what is read is old when it arrives, and what is written arrives late. */
function distant(store: Store, farMs: () => number): Store {
  const load: Store["load"] = async (key, known) => {
    const loaded = await store.load(key, known);
    await wait(farMs());
    return loaded;
  };
  const commit: Store["commit"] = async (wanted) => {
    await wait(farMs());
    return store.commit(wanted);
  };
  return instead(store, { load, commit });
}

/** A store that writes whatever it is given over whatever is there: what the replicas would be without compare-and-set. */
function blind(store: Store): Store {
  const commit: Store["commit"] = async (wanted) => {
    const result = await store.commit(wanted);
    if (result.kind !== "conflict") return result;
    const heads = await store.chains();
    const chains = wanted.chains.map((chain) => {
      const was = heads.find(({ topic, key }) => topic === chain.topic && key === chain.key)?.seq ?? 0n;
      return { ...chain, was, seq: was + chain.seq - chain.was };
    });
    const aggregate = wanted.aggregate && {
      ...wanted.aggregate,
      version: (await store.load(wanted.aggregate.key)).version,
    };
    return commit({ ...wanted, chains, aggregate });
  };
  return instead(store, { commit });
}

function instead(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get: (of, name) => {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}
