import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

// Each in a process of its own: a repair is for good.
function run(cure: string, program: string) {
  const begin = `
    import { createRequire } from "node:module";
    import { repairKafkajs } from ${JSON.stringify(new URL("repairs.ts", import.meta.url).href)};
    const require = createRequire(${JSON.stringify(import.meta.url)});
    ${cure}
    const logger = { namespace: () => logger, debug() {}, info() {} };`;
  const args = ["--input-type=module", "--no-warnings", "--eval", begin + program];
  return spawnSync(process.execPath, args, { timeout: 5_000, killSignal: "SIGKILL", encoding: "utf8" });
}

const CURE = "repairKafkajs();";

describe("a stopped consumer", () => {
  // Without the cure its thread is never free again, and only a kill ends it.
  const program = `
    const Runner = require("kafkajs/src/consumer/runner.js");
    const createFetchManager = require("kafkajs/src/consumer/fetchManager.js");
    const runner = Object.assign(Object.create(Runner.prototype), { running: false, logger, consumerGroup: {} });
    const manager = createFetchManager({ logger, getNodeIds: () => [1, 2], fetch: (id) => runner.fetch(id), handler() {} });
    manager.start().catch((error) => console.log(error.message));`;

  it("lets its fetchers end", () => {
    expect(run(CURE, program)).toMatchObject({ status: 0, stdout: "the consumer is stopped\n" });
  });

  it("of kafkajs as it is does not", () => {
    expect(run("", program)).toMatchObject({ signal: "SIGKILL" });
  });
});

describe("a connection on which nothing waits", () => {
  // One answer arrives; then nothing happens any more.
  const program = `
    const RequestQueue = require("kafkajs/src/network/requestQueue/index.js");
    const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, enforceRequestTimeout: false, logger });
    const check = queue.checkPendingRequests.bind(queue);
    let checks = 0;
    queue.checkPendingRequests = () => { checks++; check(); };
    queue.checkPendingRequests();
    setTimeout(() => { console.log(checks === 1 ? "looked once" : "looks on and on"); queue.destroy(); }, 100);`;

  it("looks for none", () => {
    expect(run(CURE, program)).toMatchObject({ status: 0, stdout: "looked once\n" });
  });

  it("of kafkajs as it is looks each millisecond", () => {
    expect(run("", program)).toMatchObject({ status: 0, stdout: "looks on and on\n" });
  });

  it("sends what waited for a throttle when that is over, and not before", () => {
    const throttled = `
      const RequestQueue = require("kafkajs/src/network/requestQueue/index.js");
      const queue = new RequestQueue({ requestTimeout: 1_000, enforceRequestTimeout: false, logger });
      const began = Date.now();
      queue.maybeThrottle(60);
      const sendRequest = () => { console.log(Date.now() - began >= 60 ? "sent in time" : "sent early"); queue.destroy(); };
      queue.push({ entry: { correlationId: 1, resolve() {} }, expectResponse: false, sendRequest });`;
    expect(run(CURE, throttled)).toMatchObject({ status: 0, stdout: "sent in time\n" });
  });
});
