/**
 * Whether a process still answers: one that hangs keeps its pid and does nothing. Only `/healthz` counts, which says what only a restart
 * helps; a process that never said it was well is still starting, and is left alone.
 */
import { setTimeout as wait } from "node:timers/promises";
import { ask } from "./health-page.ts";

export interface LivenessOptions {
  /** host:port of its health page. */
  readonly address: string;
  /** Failures in a row that are too many. */
  readonly failuresMax?: number;
  readonly periodMs?: number;
  readonly timeoutMs?: number;
  /** Called once: then nothing is watched any more. */
  readonly onHung: (why: string) => void;
}

const FAILURES_MAX = 5;
const PERIOD_MS = 1_000;
const TIMEOUT_MS = 2_000;

/** Watches from now until it is disposed of. */
export function watchLiveness(options: LivenessOptions): Disposable {
  const stop = new AbortController();
  void watch(options, stop.signal);
  return { [Symbol.dispose]: () => stop.abort() };
}

async function watch(options: LivenessOptions, signal: AbortSignal): Promise<void> {
  const { address, failuresMax = FAILURES_MAX, periodMs = PERIOD_MS, timeoutMs = TIMEOUT_MS, onHung } = options;
  let wasWell = false;
  for (let failures = 0; !signal.aborted; ) {
    const answer = await ask(address, "/healthz", timeoutMs);
    wasWell ||= answer.ok;
    failures = answer.ok || !wasWell ? 0 : failures + 1;
    if (signal.aborted) return;
    if (failures >= failuresMax) return onHung(`not live ${failures} times in a row: ${answer.why}`);
    await wait(periodMs, undefined, { signal }).catch(() => {});
  }
}
