import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryStore } from "./memory/store.ts";
import { openPostgresStore } from "./postgres/store.ts";
import { claimWriter, WRITER_LEASE_MS, type Writer } from "./single-writer.ts";
import { type Commit, emptyCommit, type Store } from "./store.ts";

const KEY = "main";
const stateOf = (state: unknown, version: bigint): Commit => ({
  ...emptyCommit,
  aggregate: { key: KEY, version, state },
});

let database: TestDatabase;
let pool: Pool;
let schemas = 0;
beforeAll(async () => {
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 4, applicationName: "test" });
});
afterAll(async () => {
  await pool?.close();
  await database?.[Symbol.asyncDispose]();
});
const stores = {
  memory: async (): Promise<Store> => new MemoryStore(),
  PostgreSQL: () => openPostgresStore(pool, `writer_${++schemas}`),
};

/** A writer whose clocks stand still unless they are moved. */
async function writer(store: Store) {
  const clock = { machine: 1_000, wall: 1_000_000 };
  const options = {
    machineMs: () => clock.machine,
    wallMs: () => clock.wall,
    onFenced: () => {},
  };
  return { clock, ...bound(await claimWriter(store, options)) };
}
const bound = ({ store, earlierForMs, mayWrite, close }: Writer) => ({ store, earlierForMs, mayWrite, close });

describe.each(Object.keys(stores) as (keyof typeof stores)[])("the writer of a store in %s", (name) => {
  it("commits as anybody would, and its place is no chain of anybody's", async () => {
    const { store, earlierForMs, mayWrite, close } = await writer(await stores[name]());
    expect([earlierForMs, mayWrite()]).toEqual([0, true]);
    expect(await store.commit(stateOf("a", 0n))).toEqual({ kind: "committed", version: 1n });
    expect(await store.load(KEY)).toEqual({ state: "a", version: 1n });
    expect(await store.chains()).toEqual([]);
    // A conflict of its own stays one.
    expect(await store.commit(stateOf("b", 0n))).toMatchObject({ kind: "conflict" });
    await close();
  });

  it("is fenced off by the next: nothing that it commits from then on is there", async () => {
    const shared = await stores[name]();
    const first = await writer(shared);
    await first.store.commit(stateOf("first", 0n));
    const second = await writer(shared);
    expect(second.earlierForMs).toBe(WRITER_LEASE_MS);
    for (const late of [stateOf("late", 1n), emptyCommit])
      await expect(first.store.commit(late)).rejects.toMatchObject({ name: "StoreError", code: "STORE_FENCED" });
    expect(await second.store.load(KEY)).toEqual({ state: "first", version: 1n });
    expect(await second.store.commit(stateOf("second", 1n))).toMatchObject({ kind: "committed" });
    await Promise.all([first.close(), second.close()]);
  });

  it("may write for a lease after it was last told that it is the writer, by whichever clock has gone further", async () => {
    const shared = await stores[name]();
    const { clock, store, mayWrite, close } = await writer(shared);
    clock.machine += WRITER_LEASE_MS - 1;
    expect(mayWrite()).toBe(true);
    clock.machine += 1;
    expect(mayWrite()).toBe(false);
    await store.commit(emptyCommit);
    expect(mayWrite()).toBe(true);
    // The machine was suspended: its own clock stood still.
    clock.wall += WRITER_LEASE_MS;
    expect(mayWrite()).toBe(false);
    await close();
    expect(mayWrite()).toBe(false);
  });

  it("counts its lease from when it asked, not from when it was answered", async () => {
    const shared = await stores[name]();
    let isSlow = false;
    const { clock, store, mayWrite, close } = await writer({
      ...bind(shared),
      async commit(commit) {
        const result = await shared.commit(commit);
        if (isSlow) clock.machine += WRITER_LEASE_MS;
        return result;
      },
    });
    isSlow = true;
    await store.commit(emptyCommit);
    expect(mayWrite()).toBe(false);
    isSlow = false;
    await close();
  });

  it("that gives its right back lets the next begin at once", async () => {
    const shared = await stores[name]();
    await (await writer(shared)).close();
    const next = await writer(shared);
    expect([next.earlierForMs, next.mayWrite()]).toEqual([0, true]);
    await next.close();
  });

  it("that says nothing for long renews its right, and hears when it is gone", async () => {
    const shared = await stores[name]();
    const fencedOff: unknown[] = [];
    const first = await claimWriter(shared, { onFenced: (error) => void fencedOff.push(error) });
    await new Promise((resolve) => setTimeout(resolve, WRITER_LEASE_MS + 500));
    expect([first.mayWrite(), fencedOff]).toEqual([true, []]);
    const second = await writer(shared);
    await expect
      .poll(() => fencedOff[0], { timeout: 10_000 })
      .toMatchObject({
        code: "STORE_FENCED",
        message: expect.stringContaining("another process has claimed this store"),
      });
    await expect.poll(() => first.mayWrite(), { timeout: 10_000 }).toBe(false);
    await Promise.all([first.close(), second.close()]);
  });

  it("of many that claim at once the last one remains", async () => {
    const shared = await stores[name]();
    const all = await Promise.all(Array.from({ length: 5 }, () => writer(shared)));
    const outcomes = await Promise.all(
      all.map(({ store }) =>
        store.commit(emptyCommit).then(
          () => "committed",
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(4).fill("STORE_FENCED"), "committed"]);
    await Promise.all(all.map(({ close }) => close()));
  });
});

function bind(store: Store): Store {
  return new Proxy(store, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
    ownKeys: () => METHODS,
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
}
const METHODS = [
  "load",
  "list",
  "outcome",
  "commit",
  "chains",
  "timers",
  "unpublished",
  "markPublished",
  "read",
  "journal",
  "snapshot",
];
