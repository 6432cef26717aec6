/**
 * Ends a run whose strategy never comes back. A strategy runs on the one thread of the platform, so nothing else there could notice: a
 * second thread looks at a mark in shared memory, which is set before each call and taken away after it. The mark costs two writes to
 * memory a call and no look at a clock; time is machine time, which reaches no decision.
 */
import { Worker } from "node:worker_threads";
import type { SignalConfig } from "@countersign/agent-signal";

export interface WatchdogOptions {
  /** Strategy ids: `strategy:trend@…`. */
  readonly strategies: readonly string[];
  /** One call may last this long: 10 s, a hundred thousand times what a bar takes. */
  readonly limitMs?: number;
}

export interface Watchdog extends AsyncDisposable {
  /** For `SignalConfig.watch`. */
  readonly watch: NonNullable<SignalConfig["watch"]>;
}

/** What the second thread is started with. */
export interface WatchdogPlan {
  /** [0]: 1 + the index of the strategy that runs now, 0 when none does; [1]: how many calls there have been, modulo 2^32. */
  readonly mark: SharedArrayBuffer;
  readonly strategies: readonly string[];
  readonly limitMs: number;
}

export function startWatchdog({ strategies, limitMs = 10_000 }: WatchdogOptions): Watchdog {
  const mark = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const cells = new Int32Array(mark);
  const plan: WatchdogPlan = { mark, strategies, limitMs };
  const worker = new Worker(new URL("./watchdog-worker.ts", import.meta.url), { workerData: plan, execArgv: [] });
  worker.unref();
  const done = () => void Atomics.store(cells, 0, 0);
  return {
    watch(strategy) {
      Atomics.add(cells, 1, 1);
      Atomics.store(cells, 0, strategies.indexOf(strategy) + 1);
      return done;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
