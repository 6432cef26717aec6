/**
 * Two faults of kafkajs 2.2.4, whose last commit to its code is of 2023, mended in its prototypes before it is first used. A test holds
 * each fault against kafkajs as it is: the day it fails, the repair can go.
 *
 * 1. A stopped consumer may spin for ever: when brokers come or go while it is being stopped, its fetch manager makes new fetchers after
 *    the stop, and `Runner.fetch` answers each of their questions at once with nothing, in a loop that never lets go of the thread
 *    (src/consumer/runner.js, fetcher.js). The process then answers nobody and cannot even end. Here a runner that does not run throws
 *    instead: the fetchers end, and so does the stop.
 * 2. Every connection looks each millisecond, for as long as it lives, for requests that wait for a throttle to end: the check arms its
 *    timer again also when nothing waits, with a delay that is negative (src/network/requestQueue/index.js, issue 1751). Ten idle
 *    connections took a third of what an idle process needs. Here the timer is armed when something waits.
 */
import { createRequire } from "node:module";

interface Runner {
  readonly running: boolean;
  fetch(nodeId: number): Promise<unknown>;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  /** ms since 1970. */
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** What waits for another request's answer is looked at then; this is for the rest. */
const CHECK_MS = 10;

let isDone = false;

export function repairKafkajs(): void {
  if (isDone) return;
  isDone = true;
  const require = createRequire(import.meta.url);
  endStoppedRunners(require("kafkajs/src/consumer/runner.js"));
  checkOnlyWhatWaits(require("kafkajs/src/network/requestQueue/index.js"));
}

function endStoppedRunners({ prototype }: { readonly prototype: Runner }): void {
  const { fetch } = prototype;
  prototype.fetch = async function (this: Runner, nodeId) {
    if (!this.running) throw new Error("the consumer is stopped");
    return fetch.call(this, nodeId);
  };
}

function checkOnlyWhatWaits({ prototype }: { readonly prototype: RequestQueue }): void {
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
    const throttledMs = this.throttledUntil - Date.now();
    const check = () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    };
    this.throttleCheckTimeoutId = setTimeout(check, Math.max(throttledMs, CHECK_MS));
  };
}
