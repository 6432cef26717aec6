/**
 * The second thread. It counts its own looks and reads no clock, so that a machine that slept does not seem to have looped.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { WatchdogPlan } from "./watchdog.ts";

const LOOKS = 20;

const { mark, strategies, limitMs } = workerData as WatchdogPlan;
const cells = new Int32Array(mark);
let call = 0;
let looks = 0;

setInterval(() => {
  const running = Atomics.load(cells, 0);
  const now = Atomics.load(cells, 1);
  looks = running !== 0 && now === call ? looks + 1 : 0;
  call = now;
  if (looks >= LOOKS) end(strategies[running - 1] ?? "a strategy");
}, limitMs / LOOKS);

/** The main thread cannot be asked to stop: it is the one that does not come back. */
function end(strategy: string): void {
  looks = 0;
  const seconds = limitMs / 1000;
  const cure = "mend the loop in its onBar (docs/first-strategy.md), or run without it";
  writeSync(STDERR, `countersign: ${strategy} has not come back from one bar in ${seconds} s: ${cure}\n`);
  // Without a listener of ours SIGTERM ends the process at once, and Node first gives the terminal back as it was.
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 1_000);
}

const STDERR = 2;
