import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

// In a process of its own: without the cure its thread is never free again, and only a kill ends it.
function fetchersOfAStoppedRunner(cure: string) {
  const program = `
    import { createRequire } from "node:module";
    import { endStoppedRunners } from ${JSON.stringify(new URL("stopped-runner.ts", import.meta.url).href)};
    const require = createRequire(${JSON.stringify(import.meta.url)});
    const Runner = require("kafkajs/src/consumer/runner.js");
    const createFetchManager = require("kafkajs/src/consumer/fetchManager.js");
    ${cure}
    const logger = { namespace: () => logger, debug() {}, info() {} };
    const runner = Object.assign(Object.create(Runner.prototype), { running: false, logger, consumerGroup: {} });
    const manager = createFetchManager({ logger, getNodeIds: () => [1, 2], fetch: (id) => runner.fetch(id), handler() {} });
    manager.start().catch((error) => console.log(error.message));`;
  const args = ["--input-type=module", "--eval", program];
  return spawnSync(process.execPath, args, { timeout: 5_000, killSignal: "SIGKILL", encoding: "utf8" });
}

it("the fetchers of a stopped consumer end", () => {
  expect(fetchersOfAStoppedRunner("endStoppedRunners();")).toMatchObject({
    status: 0,
    stdout: "the consumer is stopped\n",
  });
});

it("kafkajs still needs it", () => {
  expect(fetchersOfAStoppedRunner("")).toMatchObject({ signal: "SIGKILL" });
});
