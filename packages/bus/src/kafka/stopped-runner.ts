/**
 * A stopped consumer of kafkajs 2.2.4 may spin for ever: when brokers come or go while it is being stopped, its fetch manager makes new
 * fetchers after the stop, and `Runner.fetch` answers each of their questions at once with nothing, in a loop that never lets go of the
 * thread (src/consumer/runner.js, fetcher.js). The process then answers nobody and cannot even end. Here a runner that does not run
 * throws instead: the fetchers end, and so does the stop.
 */
import { createRequire } from "node:module";

interface Runner {
  readonly running: boolean;
  fetch(nodeId: number): Promise<unknown>;
}

let isDone = false;

export function endStoppedRunners(): void {
  if (isDone) return;
  isDone = true;
  const { prototype }: { prototype: Runner } = createRequire(import.meta.url)("kafkajs/src/consumer/runner.js");
  const { fetch } = prototype;
  prototype.fetch = async function (this: Runner, nodeId) {
    if (!this.running) throw new Error("the consumer is stopped");
    return fetch.call(this, nodeId);
  };
}
