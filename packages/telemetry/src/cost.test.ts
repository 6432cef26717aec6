/**
 * What a message costs, in ns; printed. The limits are ten times what was measured on two idle cores, so that they fail for a change of
 * kind (a hash per observation, a span where nothing is traced) and not for a busy machine.
 */
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { scratch } from "../test/scratch.ts";
import { STEPS } from "./catalogue.ts";
import { MessageLog, openLogs } from "./logs.ts";
import { Metrics } from "./metrics.ts";
import { telemetryProbe } from "./probe.ts";
import { openTracer } from "./traces.ts";

const correlationId = "018bcfe5-6800-7b00-8b00-0123456789ab";
const about = { name: "orders.intent.v1", correlationId, msgId: correlationId, group: "execution", partition: 1 };
const metrics = new Metrics({ agent: "execution" });
const off = openTracer({ service: "execution", instance: "1" });
const file = join(scratch("cost"), "spans.jsonl");
const on = openTracer({ service: "execution", instance: "1", file });
const hundredth = openTracer({ service: "execution", instance: "1", file, ratio: 1e-12 });
const log = openLogs({ agent: "execution", to: { write: () => {} } });
afterAll(async () => {
  metrics.close();
  for (const tracer of [on, hundredth]) await tracer.close();
});

/** The median of nine rounds, ns of CPU: whoever else is on the machine does not count. */
async function measure(what: string, rounds: number, work: () => void): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 10; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < rounds; i++) work();
    const { user, system } = process.cpuUsage(before);
    times.push(((user + system) * 1_000) / rounds);
    // The queues empty between the rounds, as they do between messages.
    await on.flush();
  }
  const median = times.slice(1).sort((a, b) => a - b)[4] as number;
  console.log(`${what}: ${Math.round(median)} ns`);
  return median;
}

/** One record through all the steps, and what it sends. */
function message(probe: ReturnType<typeof telemetryProbe>): () => void {
  return () => {
    probe.delivered("orders.intent.v1", 1, 1_795_000_000_000, 0);
    const work = probe.begin("process", about);
    for (const step of STEPS) work.step(step);
    probe.begin("publish", about, work).end();
    probe.published("orders.execution.v1");
    probe.handled("orders.intent.v1", 1);
    work.end();
  };
}

it.each([
  ["one step counted, no trace", 100_000, 300, () => metrics.step("verify", 0.001)],
  ["one record counted", 100_000, 300, () => metrics.published("orders.intent.v1")],
  ["a span, tracing off", 100_000, 300, () => off.startSpan("process", about).end()],
  ["a span, not sampled", 100_000, 6_000, () => hundredth.startSpan("process", about).end()],
  ["a span, on", 4_000, 80_000, () => on.startSpan("process", about).end()],
  ["a line below the level", 100_000, 300, () => new MessageLog(log, about).debug("quiet")],
  ["a line written", 4_000, 80_000, () => new MessageLog(log, about).info("loud")],
  ["a message, metrics on, tracing off", 20_000, 20_000, message(telemetryProbe(metrics, off))],
  ["a message, all on", 3_000, 250_000, message(telemetryProbe(metrics, on))],
] as const)("%s", async (what, rounds, limit, work) => {
  expect(await measure(what, rounds, work)).toBeLessThan(limit);
});

it("a scrape", async () => {
  for (const step of STEPS) metrics.step(step, 0.01, { traceId: "a".repeat(32), spanId: "b".repeat(16) });
  const before = process.cpuUsage();
  for (let i = 0; i < 50; i++) await metrics.render("openmetrics");
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / 1_000 / 50;
  console.log(`a scrape: ${each.toFixed(2)} ms, ${(await metrics.render("openmetrics")).length} bytes`);
  expect(each).toBeLessThan(50);
});
