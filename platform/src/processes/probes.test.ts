import { type Pool, PostgresError } from "@countersign/postgres";
import { describe, expect, it } from "vitest";
import { DatabaseWatch, type HealthOptions, liveness, readiness, started } from "./probes.ts";

const well: HealthOptions = {
  bus: { isStuck: false, isAway: () => false },
  loop: { taskMs: 5 },
  database: { isAway: false, why: "" },
  fenceIsFresh: () => true,
  isOpen: () => true,
  phase: () => "working",
};

describe("the probes", () => {
  it("are green when all is well", () => {
    expect([started(well), liveness(well), readiness(well)]).toEqual([
      { ok: true, why: "" },
      { ok: true, why: "" },
      { ok: true, why: "" },
    ]);
  });

  it.each([
    ["a handler that hangs", { bus: { isStuck: true, isAway: () => false } }, /handler of the bus hangs/],
    ["a task that never ends", { loop: { taskMs: 61_000 } }, /runs for 61 s/],
  ])("not live: %s", (_, part, why) => {
    expect(liveness({ ...well, ...part })).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  it("have begun when the ports are open, whatever it waits for then", () => {
    expect(started({ isOpen: () => false })).toEqual({ ok: false, why: expect.stringMatching(/opens its ports/) });
    const waiting = { phase: () => "starting", bus: { isStuck: false, isAway: () => true } } as const;
    expect(started({ ...well, ...waiting }).ok).toBe(true);
  });

  it.each<[string, Partial<HealthOptions>, RegExp]>([
    ["that starts", { phase: () => "starting" }, /it is starting/],
    ["that was told to end", { phase: () => "ending" }, /it is ending/],
    ["whose fence is stale", { fenceIsFresh: () => false }, /fence is stale/],
    ["without a broker", { bus: { isStuck: false, isAway: () => true } }, /no broker/],
    ["without its database", { database: { isAway: true, why: "no connection to the database" } }, /database/],
    ["whose venue is away", { whyNot: () => "the venue is away" }, /the venue is away/],
  ])("live and not ready: a process %s", (_, part, why) => {
    expect(liveness({ ...well, ...part }).ok).toBe(true);
    expect(readiness({ ...well, ...part })).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  it("see a database that goes away and comes back", async () => {
    let isAway = false;
    const query = async () => {
      if (isAway) throw new PostgresError("CONNECTION_LOST", "gone");
      return { rows: [], rowCount: 0 };
    };
    const watch = new DatabaseWatch({ query } as unknown as Pool);
    const patience = { timeout: 8_000, interval: 100 };
    expect(watch.isAway).toBe(false);
    isAway = true;
    await expect.poll(() => watch.isAway, patience).toBe(true);
    expect(watch.why).toBe("gone");
    isAway = false;
    await expect.poll(() => watch.isAway, patience).toBe(false);
    watch.close();
  });

  it("tell how far this clock is from the database's, and nothing while it does not answer", async () => {
    let clock: string | undefined = String(Date.now() / 1_000 + 600);
    let tookMs = 0;
    const query = async () => {
      if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
      if (clock === undefined) throw new PostgresError("CONNECTION_LOST", "gone");
      return { rows: [{ clock }], rowCount: 1 };
    };
    const watch = new DatabaseWatch({ query } as unknown as Pool);
    const patience = { timeout: 8_000, interval: 100 };
    expect(watch.clockOffsetSeconds).toBeUndefined();
    await expect.poll(() => watch.clockOffsetSeconds, patience).toBeLessThan(-590);
    clock = undefined;
    await expect.poll(() => watch.clockOffsetSeconds, patience).toBeUndefined();
    // An answer that took a second says nothing to a quarter of one.
    clock = String(Date.now() / 1_000 + 600);
    tookMs = 1_000;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(watch.clockOffsetSeconds).toBeUndefined();
    watch.close();
  });
});
