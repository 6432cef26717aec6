import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseOpenMetrics } from "../test/openmetrics.ts";
import { scratch } from "../test/scratch.ts";
import { spanIdOf, traceIdOf } from "./context.ts";
import { Metrics } from "./metrics.ts";
import { telemetryProbe } from "./probe.ts";
import { readSpanFile } from "./span-file.ts";
import { openTracer } from "./traces.ts";

const correlationId = "018bcfe5-6800-7b00-8b00-0123456789ab";
const msgId = "018bcfe5-6801-7c00-9b00-fedcba987654";
const sent = "018bcfe5-6802-7d00-ab00-abcdefabcdef";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function open(file: string | undefined) {
  const metrics = new Metrics({ agent: "policy" });
  const tracer = openTracer({ service: "policy", instance: "1", file });
  closing.push(
    () => metrics.close(),
    () => tracer.close(),
  );
  const refused: string[][] = [];
  const onRefused = (about: { msgId: string }, code: string, place: string) =>
    void refused.push([about.msgId, code, place]);
  const samples = async () => parseOpenMetrics(await metrics.render("openmetrics"));
  return { probe: telemetryProbe(metrics, tracer, onRefused), tracer, samples, refused };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("work on a message", () => {
  it("is measured from its beginning to its first end, where it is handled, served, called or brought by nobody", async () => {
    const { probe, samples } = open(undefined);
    const begun = { correlationId, msgId, startedMs: performance.now() - 100 };
    for (const operation of ["process", "publish", "act"] as const) {
      const work = probe.begin(operation, { name: "orders.intent.v1", ...begun });
      work.end();
      work.end();
    }
    const work = (await samples()).filter(({ name }) => name === "countersign_work_seconds_count");
    expect(work.map(({ labels, value }) => [labels.operation, labels.name, value])).toEqual([
      ["process", "orders.intent.v1", 1],
    ]);
    const sum = (await samples()).find(({ name }) => name === "countersign_work_seconds_sum");
    expect(sum?.value).toBeGreaterThanOrEqual(0.1);
  });

  it("is a span with its steps, what it sends is a span below it, and a slow step's exemplar leads there", async () => {
    const file = join(scratch("probe"), "spans.jsonl");
    const { probe, tracer, samples } = open(file);
    const work = probe.begin("process", { name: "orders.intent.v1", correlationId, msgId });
    work.step("verify");
    await pause(100);
    work.step("commit");
    work.step("publish");
    const out = probe.begin("publish", { name: "risk.policy.v1", correlationId, msgId: sent }, work);
    expect(out.traceparent()).toBe(`00-${traceIdOf(correlationId)}-${spanIdOf(sent)}-01`);
    out.end();
    work.end();
    work.end("LATER");
    await tracer.flush();
    const [published, processed] = readSpanFile(file);
    expect(readSpanFile(file).length).toBe(2);
    expect(published?.parent_span_id).toBe(processed?.span_id);
    expect(processed).toMatchObject({ parent_span_id: spanIdOf(msgId), is_error: false });
    const commitSeconds = processed?.attributes["countersign.step.commit"] as number;
    expect(commitSeconds).toBeGreaterThan(0.09);
    expect(processed?.attributes["countersign.step.publish"]).toBeLessThan(commitSeconds);
    expect(processed?.attributes["countersign.step.verify"]).toBeLessThan(commitSeconds);
    const exemplar = (await samples()).find((one) => one.labels.step === "commit" && one.exemplar)?.exemplar;
    expect(exemplar).toEqual({
      labels: { trace_id: traceIdOf(correlationId), span_id: processed?.span_id },
      value: commitSeconds,
    });
  });

  it("has in hand what is run, and takes what was measured before it began", async () => {
    const file = join(scratch("probe"), "spans.jsonl");
    const { probe, tracer, samples } = open(file);
    const startedMs = performance.now() - 50;
    const outer = probe.begin("process", { name: "orders.intent.v1", correlationId, msgId, startedMs });
    outer.step("verify", 0.03);
    const act = probe.begin("act", { name: "send", correlationId, msgId });
    expect(probe.traceparent()).toBeUndefined();
    const inHand = outer.run(() => [probe.traceparent(), act.run(() => probe.traceparent()), probe.traceparent()]);
    expect(inHand).toEqual([outer.traceparent(), act.traceparent(), outer.traceparent()]);
    expect(() =>
      act.run(() => {
        throw new Error("the venue");
      }),
    ).toThrow("the venue");
    expect(probe.traceparent()).toBeUndefined();
    const request = probe.begin("request", {
      name: "POST /v1/orders",
      correlationId,
      msgId: correlationId,
      traceparent: act.traceparent(),
    });
    for (const work of [request, act, outer]) work.end();
    await tracer.flush();
    const [answered, acted, processed] = readSpanFile(file);
    expect(answered).toMatchObject({ name: "POST /v1/orders", kind: 1, parent_span_id: acted?.span_id });
    expect(answered?.attributes).toEqual({ "http.request.method": "POST", "http.route": "/v1/orders" });
    expect(acted).toMatchObject({ name: "act send", kind: 2, parent_span_id: spanIdOf(msgId) });
    const took = Number(BigInt(processed?.end_ns ?? 0) - BigInt(processed?.start_ns ?? 0)) / 1e6;
    expect(took).toBeGreaterThanOrEqual(50);
    expect(processed?.attributes["countersign.step.verify"]).toBe(0.03);
    const sum = (await samples()).find(
      ({ name, labels }) => name === "countersign_step_seconds_sum" && labels.step === "verify",
    );
    expect(sum?.value).toBeCloseTo(0.03);
  });

  it("on an answer is where what follows from it finds it; the same message sent twice is two spans", async () => {
    const file = join(scratch("probe"), "spans.jsonl");
    const { probe, tracer } = open(file);
    const call = { name: "QuorumService.Vote", correlationId, msgId: sent, causationId: correlationId };
    probe.begin("call", call).end();
    probe.begin("call", { ...call, isCopy: true }).end();
    const answer = { name: "QuorumService.Vote", correlationId, msgId, causationId: sent, isAnswer: true };
    probe.begin("process", answer).end();
    await tracer.flush();
    const [first, copy, answered] = readSpanFile(file);
    expect([first?.span_id, copy?.parent_span_id, answered?.parent_span_id]).toEqual(Array(3).fill(spanIdOf(sent)));
    expect(copy?.span_id).not.toBe(spanIdOf(sent));
    expect(answered?.span_id).toBe(spanIdOf(msgId));
  });

  it("that is refused is counted by code and place, and its span has failed", async () => {
    const file = join(scratch("probe"), "spans.jsonl");
    const { probe, tracer, samples, refused } = open(file);
    const work = probe.begin("serve", { name: "PolicyService.Validate", correlationId, msgId });
    work.refused("STALE", "pipeline");
    work.end();
    expect(refused).toEqual([[msgId, "STALE", "pipeline"]]);
    probe.refused("STALE", "pipeline");
    await tracer.flush();
    expect(readSpanFile(file)).toMatchObject([{ is_error: true, attributes: { "error.type": "STALE" } }]);
    const refusals = (await samples()).find(({ name }) => name === "countersign_refusals_total");
    expect(refusals).toMatchObject({ labels: { code: "STALE", place: "pipeline" }, value: 2 });
  });

  it("is measured also where nothing is traced", async () => {
    const { probe, samples } = open(undefined);
    const work = probe.begin("process", { name: "orders.intent.v1", correlationId, msgId });
    for (const step of ["decode", "verify"] as const) work.step(step);
    expect(work.traceparent()).toBeUndefined();
    work.end();
    probe.step("offset", 0.004);
    probe.delivered("orders.intent.v1", 0, Date.now() - 2_000, 0);
    probe.published("risk.policy.v1");
    const counts = (await samples()).filter(({ name }) => name === "countersign_step_seconds_count");
    expect(counts.map(({ labels, value }) => [labels.step, value])).toEqual([
      ["decode", 1],
      ["verify", 1],
      ["offset", 1],
    ]);
    expect((await samples()).find(({ name }) => name === "countersign_lag_seconds")?.value).toBeGreaterThanOrEqual(2);
    probe.handled("orders.intent.v1", 0);
    expect((await samples()).find(({ name }) => name === "countersign_lag_records")?.value).toBe(0);
    expect((await samples()).find(({ name }) => name === "countersign_records_total")?.value).toBe(1);
  });
});
