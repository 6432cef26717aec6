/**
 * What a probe costs a host: messages a second of CPU without one, with metrics alone, and with spans of a tenth and of all messages;
 * printed. The limit is far below what was measured, so that it fails for a change of kind and not for a busy machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, SignalSchema } from "@countersign/contracts";
import { type Agent, noView } from "@countersign/runtime";
import { canvasOf, Rig } from "@countersign/runtime/testing";
import { Metrics, openTracer, telemetryProbe } from "@countersign/telemetry";
import { expect, it } from "vitest";

const MESSAGES = 500;
const ROUNDS = 4;

const counter: Agent<number> = {
  canvas: canvasOf("counter", {
    observes: [{ topic: "signals.market.v1", as: "group" }],
  }),
  keyOf: (input) => (input.kind === "message" ? "all" : undefined),
  initial: () => 0,
  decide: (seen) => ({
    state: seen + 1,
    effects: [
      {
        kind: "publish",
        topic: "audit.records.v1",
        key: "counter",
        type: "decision.made",
        payload: create(DecisionMadeSchema, { decision: `number ${seen}` }),
        intent: "COUNT",
      },
    ],
  }),
  view: noView,
};

type Probe = ReturnType<typeof telemetryProbe> | undefined;

/** Messages a second of CPU, over one host that decides and says something on each. */
async function rate(probe: Probe): Promise<number> {
  const rig = await Rig.open();
  rig.grant("counter", "decision.made audit.records.v1");
  rig.grant("friend", "market.signal signals.market.v1");
  await rig.host(counter, probe === undefined ? {} : { probe });
  const payload = create(SignalSchema, { symbol: "AAPL", strategy: "trend" });
  const say = { sender: "friend", topic: "signals.market.v1", key: "AAPL", type: "market.signal", payload };
  const sealed = Array.from({ length: MESSAGES }, () => rig.sealed(say));
  const before = process.cpuUsage();
  for (const { bytes, body } of sealed) await rig.deliver(say.topic, say.key, bytes, body);
  const { user, system } = process.cpuUsage(before);
  return (MESSAGES * 1e6) / (user + system);
}

it("metrics and spans cost a host a small part of what a message costs", async () => {
  const dir = mkdtempSync(join(tmpdir(), "probe-cost-"));
  const metrics = new Metrics({ agent: "counter" });
  const tracers = [0, 0.1, 1].map((ratio) =>
    openTracer({
      service: "counter",
      instance: "1",
      ratio,
      file: ratio === 0 ? undefined : join(dir, `${ratio}.jsonl`),
    }),
  );
  const [off, tenth, all] = tracers.map((tracer) => telemetryProbe(metrics, tracer));
  const ways = { "no probe": undefined, metrics: off, "a tenth traced": tenth, "all traced": all };
  const best: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, probe] of Object.entries(ways)) {
      best[name] = Math.max(best[name] ?? 0, await rate(probe));
      for (const tracer of tracers) await tracer.flush();
    }
  for (const tracer of tracers) await tracer.close();
  metrics.close();
  rmSync(dir, { recursive: true });
  const ratio = (name: string) => (best[name] ?? 0) / (best["no probe"] ?? 1);
  for (const [name, value] of Object.entries(best))
    console.log(`${name}: ${value.toFixed(0)} messages a second, ${ratio(name).toFixed(2)} of that without`);
  expect(ratio("metrics")).toBeGreaterThan(0.7);
  expect(ratio("all traced")).toBeGreaterThan(0.5);
});
