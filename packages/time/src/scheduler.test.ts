import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "./heap.ts";
import { Scheduler } from "./scheduler.ts";

describe("Heap", () => {
  it("gives back what was pushed, smallest first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const n of numbers) heap.push(n);
        const out: number[] = [];
        for (let n = heap.pop(); n !== undefined; n = heap.pop()) out.push(n);
        expect(out).toEqual([...numbers].sort((a, b) => a - b));
        expect(heap.size).toBe(0);
      }),
    );
  });
});

describe("Scheduler", () => {
  it("runs posted tasks in order, each to its end, however long they wait", async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(delays, async (waits) => {
        const scheduler = new Scheduler(0);
        const seen: string[] = [];
        await scheduler.step(5, () => {
          for (const [n, wait] of waits.entries()) {
            scheduler.post(async () => {
              seen.push(`start ${n}`);
              if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
              seen.push(`end ${n}`);
            });
          }
        });
        expect(seen).toEqual(waits.flatMap((_, n) => [`start ${n}`, `end ${n}`]));
      }),
      { numRuns: 20 },
    );
  });

  it("runs timers that are due before an input first, in the order of their times, each at its own time", async () => {
    const scheduler = new Scheduler(0);
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, scheduler.nowMs()]);
    scheduler.at(20, note("b"));
    scheduler.at(10, note("a"));
    scheduler.at(20, note("c"));
    scheduler.at(31, note("later"));
    scheduler.at(15, note("cancelled")).cancel();
    await scheduler.step(30, note("input"));
    expect(seen).toEqual([
      ["a", 10],
      ["b", 20],
      ["c", 20],
      ["input", 30],
    ]);
  });

  it("ends a step with its hooks, after everything that followed from the input", async () => {
    const scheduler = new Scheduler(0);
    const seen: string[] = [];
    scheduler.onStepEnd(() => {
      seen.push("end 1");
      scheduler.post(() => void seen.push("posted by end 1"));
    });
    scheduler.onStepEnd(() => void seen.push("end 2"));
    await scheduler.step(1, () => {
      scheduler.post(() => {
        seen.push("one");
        scheduler.post(() => void seen.push("two"));
      });
    });
    expect(seen).toEqual(["one", "two", "end 1", "posted by end 1", "end 2"]);
  });

  it("never lets decision time go back", async () => {
    const scheduler = new Scheduler(100);
    await scheduler.step(50, () => expect(scheduler.nowMs()).toBe(100));
    expect(scheduler.nowMs()).toBe(100);
  });

  it("refuses a step inside a step", async () => {
    const scheduler = new Scheduler(0);
    await expect(scheduler.step(1, () => scheduler.step(2, () => {}))).rejects.toThrow("a step inside a step");
  });
});
