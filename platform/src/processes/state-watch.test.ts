import { BusError } from "@countersign/bus";
import { MemoryStore, type Store, WallLoop } from "@countersign/runtime";
import { Metrics } from "@countersign/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import type { Observed } from "./observe.ts";
import { watchState } from "./state-watch.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const PATIENCE = { timeout: 10_000, interval: 100 };

async function watching(load: Store["load"]) {
  const broken: unknown[] = [];
  const loop = new WallLoop({ onBroken: (error) => broken.push(error) });
  const metrics = new Metrics({ agent: "execution" });
  closing.push(
    () => loop.close(),
    () => metrics.close(),
  );
  const store = Object.assign(new MemoryStore() as Store, { load });
  watchState({ loop, observed: { metrics } as Observed }, store, {
    key: "main",
    tell: (state) => ({ account: { unbookedSeconds: state as number, workingOrders: 0, closed: [], latches: 0 } }),
  });
  const unbooked = async () =>
    /^countersign_unbooked_age_seconds\{agent="execution"\} (.*)$/m.exec(await metrics.render("text"))?.[1];
  return { unbooked, broken };
}

describe("what an agent's committed state tells", () => {
  it("is nothing before there is one, then the last that was read, and what was read is handed back", async () => {
    let state: number | undefined;
    const known: unknown[] = [];
    const { unbooked } = await watching(async (key, before) => {
      known.push([key, before?.state]);
      return { state, version: 1n };
    });
    expect(await unbooked()).toBeUndefined();
    state = 12;
    await expect.poll(unbooked, PATIENCE).toBe("12");
    state = 0;
    await expect.poll(unbooked, PATIENCE).toBe("0");
    expect(known).toContainEqual(["main", 12]);
  });

  it("is unknown while the store is away, and known again when it is back", async () => {
    let isAway = false;
    const { unbooked, broken } = await watching(async () => {
      if (isAway) throw new BusError("retriable", "UNREACHABLE", "the engine is away");
      return { state: 3, version: 1n };
    });
    await expect.poll(unbooked, PATIENCE).toBe("3");
    isAway = true;
    await expect.poll(unbooked, PATIENCE).toBeUndefined();
    isAway = false;
    await expect.poll(unbooked, PATIENCE).toBe("3");
    expect(broken).toEqual([]);
  });
});
