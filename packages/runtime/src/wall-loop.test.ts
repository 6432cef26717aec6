import { setTimeout as wait } from "node:timers/promises";
import { BusError } from "@countersign/bus";
import { describe, expect, it } from "vitest";
import { WallLoop } from "./wall-loop.ts";

const away = () => new BusError("retriable", "UNREACHABLE", "no broker");

function loopOf(now?: () => number) {
  const broken: unknown[] = [];
  const loop = new WallLoop({ onBroken: (error) => void broken.push(error), ...(now && { now }) });
  return { loop, broken };
}

describe("WallLoop", () => {
  it("runs tasks one at a time, in the order they were posted", async () => {
    const { loop } = loopOf();
    const seen: string[] = [];
    for (const name of ["a", "b", "c"])
      loop.post(async () => {
        seen.push(`${name} begins`);
        await wait(2);
        seen.push(`${name} ends`);
      });
    await loop.idle();
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("says how long the present try lasts, and nothing when nothing runs", async () => {
    const { loop } = loopOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    loop.post(() => promise);
    await wait(20);
    expect(loop.taskMs).toBeGreaterThan(15);
    resolve();
    await loop.idle();
    expect(loop.taskMs).toBe(0);
    // One that waits for an engine begins anew each time: it is no task that hangs.
    const begun = performance.now();
    let tries = 0;
    loop.post(() => {
      if (tries++ < 3) throw away();
    });
    await wait(120);
    expect(loop.taskMs).toBeLessThan(performance.now() - begun - 40);
    await loop.idle();
  });

  it("tries again what fails for want of an engine, before the next task", async () => {
    const { loop, broken } = loopOf();
    const seen: string[] = [];
    let tries = 0;
    loop.post(() => {
      seen.push("first");
      if (tries++ < 2) throw away();
    });
    loop.post(() => void seen.push("second"));
    await loop.idle();
    expect(seen).toEqual(["first", "first", "first", "second"]);
    expect(broken).toEqual([]);
  });

  it("hands over a broken invariant once, and runs nothing after it", async () => {
    const { loop, broken } = loopOf();
    const seen: string[] = [];
    loop.post(() => {
      throw new Error("broken invariant: two and two");
    });
    loop.post(() => void seen.push("after"));
    await loop.idle();
    loop.post(() => void seen.push("later"));
    await loop.idle();
    expect(broken).toMatchObject([{ message: "broken invariant: two and two" }]);
    expect(seen).toEqual([]);
  });

  it("what is spawned does not hold up what is posted, and is tried again too", async () => {
    const { loop, broken } = loopOf();
    const seen: string[] = [];
    let tries = 0;
    loop.spawn(async () => {
      if (tries++ === 0) throw away();
      seen.push("spawned");
    });
    loop.post(() => void seen.push("posted"));
    await expect.poll(() => seen).toEqual(["posted", "spawned"]);
    expect(broken).toEqual([]);
  });

  it("rings when decision time has come, unless it was cancelled", async () => {
    const { loop } = loopOf();
    const seen: string[] = [];
    const startMs = loop.nowMs();
    loop.at(startMs + 30, () => void seen.push("late"));
    loop.at(startMs + 10, () => void seen.push("soon"));
    loop.at(startMs + 20, () => void seen.push("never")).cancel();
    loop.at(startMs - 5, () => void seen.push("overdue"));
    await expect.poll(() => seen).toEqual(["overdue", "soon", "late"]);
    expect(loop.nowMs()).toBeGreaterThanOrEqual(startMs + 30);
  });

  it("decision time never goes back, whatever the clock does", () => {
    const times = [100, 90, 101];
    const { loop } = loopOf(() => times.shift() ?? 0);
    expect([loop.nowMs(), loop.nowMs(), loop.nowMs()]).toEqual([100, 100, 101]);
  });

  it("finishes what runs when it is closed, and drops what waits", async () => {
    const { loop } = loopOf();
    const seen: string[] = [];
    loop.post(async () => {
      await wait(10);
      seen.push("running");
    });
    loop.post(() => void seen.push("waiting"));
    await loop.close();
    expect(seen).toEqual(["running"]);
  });
});
