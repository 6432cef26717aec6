import { openPool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "./memory/store.ts";
import { openPostgresStore } from "./postgres/store.ts";
import { emptyCommit, type Store, type TimerRow } from "./store.ts";
import { TimerSweep } from "./timer-sweep.ts";

const DUE_MS = 1_000_000;
const timer = (id: string, dueMs = DUE_MS): TimerRow => ({ id, key: "a", dueMs, data: null, correlationId: "c" });

/** A replica that acts on a timer as the decider does, and says what it acted on. */
function replica(store: Store) {
  const acted: string[] = [];
  const sweep = new TimerSweep(store, async ({ id, dueMs }) => {
    const inbox = [{ msgId: `timer ${id} ${dueMs}`, digest: new Uint8Array(32), answer: undefined }];
    const result = await store.commit({ ...emptyCommit, inbox, cancelledTimers: [id] });
    if (result.kind === "committed") acted.push(id);
  });
  return { acted, sweep };
}

describe("TimerSweep", () => {
  it("a timer of a replica that died rings once at the others, and only when its own had time to", async () => {
    await using database = await sharedTestServer();
    const stores: Store[] = [];
    const pools = [1, 2, 3].map((n) => openPool(database.url, { max: 2, applicationName: `replica ${n}` }));
    for (const pool of pools) stores.push(await openPostgresStore(pool, "agent"));
    await stores[0]!.commit({ ...emptyCommit, timers: [timer("a"), timer("b"), timer("later", DUE_MS + 60_000)] });
    await pools[0]!.close();
    const [two, three] = [replica(stores[1]!), replica(stores[2]!)];
    await two.sweep.run(DUE_MS + 2_000);
    expect(two.acted).toEqual([]);
    await Promise.all([two.sweep.run(DUE_MS + 2_001), three.sweep.run(DUE_MS + 2_001)]);
    await Promise.all([two.sweep.run(DUE_MS + 9_000), three.sweep.run(DUE_MS + 9_000)]);
    expect([...two.acted, ...three.acted].toSorted()).toEqual(["a", "b"]);
    expect(await stores[1]!.timers()).toEqual([timer("later", DUE_MS + 60_000)]);
    await Promise.all(pools.map((pool) => pool.close()));
  });

  it("one that nothing comes of is rung once; one that fails is rung again; one that is set again too", async () => {
    const store = new MemoryStore();
    await store.commit({ ...emptyCommit, timers: [timer("a"), timer("b")] });
    const rung: string[] = [];
    let isAway = true;
    const sweep = new TimerSweep(store, async ({ id }) => {
      rung.push(id);
      if (id === "b" && isAway) throw new Error("away");
    });
    await expect(sweep.run(DUE_MS + 5_000)).rejects.toThrow("away");
    isAway = false;
    for (const nowMs of [DUE_MS + 6_000, DUE_MS + 7_000]) await sweep.run(nowMs);
    expect(rung).toEqual(["a", "b", "b"]);
    await store.commit({ ...emptyCommit, timers: [timer("a", DUE_MS + 10)] });
    await sweep.run(DUE_MS + 8_000);
    expect(rung).toEqual(["a", "b", "b", "a"]);
  });
});
