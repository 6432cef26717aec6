import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startCollector } from "../test/collector.ts";
import { scratch } from "../test/scratch.ts";
import { spanIdOf, traceIdOf, traceparentOf } from "./context.ts";
import { readSpanFile, SpanFileExporter, traceGaps } from "./span-file.ts";
import { failSpan, IDLE_SPAN, openTracer, type Tracer, type TracerOptions } from "./traces.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function open(options: Partial<TracerOptions>): Tracer {
  const tracer = openTracer({ service: "portfolio", instance: "p-1", ...options });
  closing.push(() => tracer.close());
  return tracer;
}

async function collect(...reply: Parameters<typeof startCollector>) {
  const collector = await startCollector(...reply);
  closing.push(() => collector.close());
  return collector;
}

const newFile = () => join(scratch("spans"), "spans.jsonl");

/** A UUIDv7. */
function newId(): string {
  const hex = randomBytes(16).toString("hex");
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

const attributes = (list: readonly { key: string; value: Readonly<Record<string, unknown>> }[]) =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

describe("spans at an OTLP collector", () => {
  it("are a consumer's, named and described by the messaging conventions", async () => {
    const collector = await collect();
    const tracer = open({ otlpUrl: collector.url });
    const [correlationId, msgId] = [newId(), newId()];
    const about = { name: "signals.market.v1", correlationId, msgId, group: "portfolio", partition: 3, offset: 42n };
    const before = Date.now();
    const span = tracer.startSpan("process", about);
    failSpan(span, "STALE");
    span.end();
    await tracer.close();
    expect(collector.requests).toEqual([{ path: "/v1/traces", type: "application/json" }]);
    const [got] = collector.spans;
    expect(got).toMatchObject({
      traceId: traceIdOf(correlationId),
      parentSpanId: spanIdOf(msgId),
      name: "process signals.market.v1",
      // OTLP counts from INTERNAL = 1: CONSUMER.
      kind: 5,
      status: { code: 2 },
    });
    expect(attributes(got?.attributes ?? [])).toEqual({
      "messaging.system.name": "kafka",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": "signals.market.v1",
      "messaging.destination.partition.id": "3",
      "messaging.consumer.group.name": "portfolio",
      "messaging.message.id": msgId,
      "messaging.message.conversation_id": correlationId,
      "kafka.offset": 42,
      "error.type": "STALE",
    });
    expect(attributes(got?.resource ?? [])).toEqual({ "service.name": "portfolio", "service.instance.id": "p-1" });
    expect(Number(got?.startTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(before - 1);
    expect(Number(got?.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(got?.startTimeUnixNano));
    expect(tracer.counts()).toEqual({ waiting: 0, exported: 1, lost: 0 });
  });

  it("are a producer's and a call's, whose ids follow from the message", async () => {
    const collector = await collect();
    const tracer = open({ otlpUrl: `${collector.url}/v1/traces`, systems: { messaging: "local", rpc: "local" } });
    const [correlationId, causationId, sent, asked] = [newId(), newId(), newId(), newId()];
    tracer.startSpan("publish", { name: "hedges.v1", correlationId, msgId: sent, causationId }).end();
    const call = { name: "PolicyService.Validate", correlationId, msgId: asked, causationId, server: "policy" };
    tracer.startSpan("call", call).end();
    tracer.startSpan("serve", call).end();
    await tracer.flush();
    const [published, called, served] = collector.spans;
    expect(published).toMatchObject({
      kind: 4,
      name: "send hedges.v1",
      spanId: spanIdOf(sent),
      parentSpanId: spanIdOf(causationId),
    });
    expect(called).toMatchObject({ kind: 3, name: "PolicyService/Validate", spanId: spanIdOf(asked) });
    expect(served).toMatchObject({ kind: 2, name: "PolicyService/Validate" });
    expect(served?.spanId).not.toBe(spanIdOf(asked));
    expect(attributes(called?.attributes ?? [])).toMatchObject({
      "rpc.system.name": "local",
      "rpc.method": "PolicyService/Validate",
      "server.address": "policy",
    });
  });

  it("link to what is of another trace, and to the rest of a batch", async () => {
    const collector = await collect();
    const tracer = open({ otlpUrl: collector.url });
    const foreign = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const also = [{ correlationId: newId(), msgId: newId() }];
    const about = { name: "orders.execution.v1", correlationId: newId(), msgId: newId(), traceparent: foreign, also };
    tracer.startSpan("process", about).end();
    await tracer.flush();
    const [span] = collector.spans;
    // The header is not signed: it cannot move a message into another trace.
    expect(span?.traceId).toBe(traceIdOf(about.correlationId));
    expect(span?.parentSpanId).toBe(spanIdOf(about.msgId));
    expect(span?.links?.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([
      ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"],
      [traceIdOf(also[0]?.correlationId ?? ""), spanIdOf(also[0]?.msgId ?? "")],
    ]);
    expect(attributes(span?.attributes ?? [])["messaging.batch.message_count"]).toBe(2);
  });

  it("wait in a bounded queue, and what is over is counted as lost", async () => {
    const collector = await collect();
    const tracer = open({ otlpUrl: collector.url });
    for (let i = 0; i < 20_000; i++) {
      const msgId = newId();
      tracer.startSpan("publish", { name: "market.quotes.v1", correlationId: msgId, msgId }).end();
    }
    expect(tracer.counts()).toEqual({ waiting: 8_192, exported: 0, lost: 20_000 - 8_192 });
    await tracer.close();
    expect(tracer.counts()).toEqual({ waiting: 0, exported: 8_192, lost: 20_000 - 8_192 });
    expect(collector.spans.length).toBe(8_192);
  });
});

/** A timer may be late on a busy machine; the SDK's own limits are ten and thirty seconds. */
const BUSY_MS = 3_000;

describe("a collector that is ill", () => {
  const end = (tracer: Tracer) => {
    for (let i = 0; i < 600; i++) {
      const msgId = newId();
      tracer.startSpan("publish", { name: "hedges.v1", correlationId: msgId, msgId }).end();
    }
  };

  it.each([
    ["refuses the connection", async () => "http://127.0.0.1:9"],
    ["never answers", async () => (await collect(() => {})).url],
    ["answers 503", async () => (await collect((response) => response.writeHead(503).end())).url],
    ["answers nonsense", async () => (await collect((response) => response.writeHead(200).end("<html>"))).url],
  ])("and %s keeps nobody waiting beyond two seconds", async (_, url) => {
    const tracer = open({ otlpUrl: await url() });
    end(tracer);
    const started = performance.now();
    await tracer.close();
    expect(performance.now() - started).toBeLessThan(2_000 + BUSY_MS);
    const { exported, lost, waiting } = tracer.counts();
    expect(exported + lost + waiting).toBe(600);
    end(tracer);
    expect(tracer.counts().lost).toBe(lost + 600);
  });

  it("does not keep the process alive beyond that either", async () => {
    const program = `
      import { openTracer } from ${JSON.stringify(import.meta.resolve("./traces.ts"))};
      const tracer = openTracer({ service: "a", instance: "1", otlpUrl: "http://127.0.0.1:9" });
      const msgId = ${JSON.stringify(newId())};
      tracer.startSpan("publish", { name: "hedges.v1", correlationId: msgId, msgId }).end();
      const started = performance.now();
      await tracer.close();
      process.on("exit", () => process.stdout.write(String(performance.now() - started)));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(Number(said)).toBeGreaterThan(0);
    expect(Number(said)).toBeLessThan(2_000 + BUSY_MS);
  });
});

describe("one trace across processes", () => {
  /** A process of its own that handles one message and sends the next, knowing nothing but the ids in the envelopes. */
  const hop = async (
    service: string,
    file: string,
    handles: string | undefined,
    sends: string,
    correlationId: string,
  ) => {
    const program = `
      import { openTracer } from ${JSON.stringify(import.meta.resolve("./traces.ts"))};
      const [service, file, handles, sends, correlationId] = process.argv.slice(1);
      const tracer = openTracer({ service, instance: String(process.pid), file });
      const work = handles === "" ? undefined
        : tracer.startSpan("process", { name: "in." + service, correlationId, msgId: handles });
      const about = { name: "out." + service, correlationId, msgId: sends, causationId: handles };
      tracer.startSpan("publish", about, work?.spanContext()).end();
      work?.end();
      await tracer.close();`;
    const given = [service, file, handles ?? "", sends, correlationId];
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, ...given], { stdio: "inherit" });
    const [code] = await once(child, "close");
    expect(code).toBe(0);
  };

  it("is unbroken without a header, and its gap is told when a process kept its spans to itself", async () => {
    const file = newFile();
    const [quote, signal, intent] = [newId(), newId(), newId()];
    await hop("market", file, undefined, quote, quote);
    await hop("signal", file, quote, signal, quote);
    await hop("portfolio", file, signal, intent, quote);
    const spans = readSpanFile(file);
    const traceId = traceIdOf(quote) ?? "";
    expect(spans.map(({ name, service }) => `${service}: ${name}`).sort()).toEqual([
      "market: send out.market",
      "portfolio: process in.portfolio",
      "portfolio: send out.portfolio",
      "signal: process in.signal",
      "signal: send out.signal",
    ]);
    expect(traceGaps(spans, traceId)).toEqual([]);
    expect(new Set(spans.map(({ instance }) => instance)).size).toBe(3);
    const without = spans.filter(({ service }) => service !== "signal");
    expect(traceGaps(without, traceId)).toEqual([
      `process in.portfolio of portfolio: its parent ${spanIdOf(signal)} is missing`,
    ]);
    expect(traceGaps(spans, "0".repeat(32))).toEqual([`${"0".repeat(32)}: no spans`]);
    expect(
      traceGaps(spans.filter(({ service }) => service === "market").concat(spans.slice(0, 1)), traceId)[0],
    ).toMatch(/^2 beginnings/);
  });

  it("is whole again when a message that was sent before a crash is sent after it", async () => {
    const file = newFile();
    const [quote, signal] = [newId(), newId()];
    await hop("market", file, undefined, quote, quote);
    // The relay of a new process: it has the outbox row, and no work in hand.
    const relay = open({ service: "signal", file });
    relay.startSpan("publish", { name: "signals", correlationId: quote, msgId: signal, causationId: quote }).end();
    await relay.flush();
    expect(traceGaps(readSpanFile(file), traceIdOf(quote) ?? "")).toEqual([]);
  });

  it("begins with an input that no message brought, and a timer of it years later belongs to it", async () => {
    const file = newFile();
    const [tick, report, timer, order] = [newId(), newId(), newId(), newId()];
    const tracer = open({ service: "execution", file });
    tracer.startSpan("input", { name: "tick", correlationId: tick, msgId: tick }).end();
    tracer.startSpan("publish", { name: "a", correlationId: tick, msgId: report, causationId: tick }).end();
    tracer.startSpan("input", { name: "timer", correlationId: tick, msgId: timer }).end();
    tracer.startSpan("publish", { name: "b", correlationId: tick, msgId: order, causationId: timer }).end();
    await tracer.flush();
    const spans = readSpanFile(file);
    expect(traceGaps(spans, traceIdOf(tick) ?? "")).toEqual([]);
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ["input tick", 0],
      ["send a", 3],
      ["input timer", 0],
      ["send b", 3],
    ]);
    expect(spans[2]?.parent_span_id).toBe(spanIdOf(tick));
  });

  it("goes from a call to its service, and on with the answer", async () => {
    const file = newFile();
    const [signal, request, verdict] = [newId(), newId(), newId()];
    const caller = open({ service: "portfolio", file });
    const callee = open({ service: "policy", file });
    const about = { name: "PolicyService.Validate", correlationId: signal };
    caller.startSpan("publish", { ...about, name: "signals.market.v1", msgId: signal }).end();
    caller.startSpan("call", { ...about, msgId: request, causationId: signal, server: "policy" }).end();
    callee.startSpan("serve", { ...about, msgId: request, causationId: signal }).end();
    caller.startSpan("process", { ...about, msgId: verdict, causationId: request, isAnswer: true }).end();
    for (const tracer of [caller, callee]) await tracer.flush();
    const spans = readSpanFile(file);
    expect(traceGaps(spans, traceIdOf(signal) ?? "")).toEqual([]);
    const parents = new Map(spans.map((span) => [`${span.kind} ${span.name}`, span.parent_span_id]));
    expect(parents.get("2 PolicyService/Validate")).toBe(spanIdOf(signal));
    expect(parents.get("1 PolicyService/Validate")).toBe(spanIdOf(request));
    expect(parents.get("4 process PolicyService.Validate")).toBe(spanIdOf(request));
  });

  it("follows a header of its own trace to the very span", async () => {
    const file = newFile();
    const tracer = open({ file });
    const correlationId = newId();
    const about = { name: "HaltService.Halt", correlationId, msgId: newId() };
    const outer = tracer.startSpan("process", { ...about, name: "webhook" });
    const traceparent = traceparentOf(outer.spanContext());
    tracer.startSpan("serve", { ...about, traceparent }).end();
    outer.end();
    await tracer.flush();
    const served = readSpanFile(file).find(({ name }) => name === "HaltService/Halt");
    expect(served?.parent_span_id).toBe(outer.spanContext().spanId);
  });
});

describe("the file", () => {
  it("is bounded: the newest are kept, in it and in the one before", () => {
    const file = newFile();
    const exporter = new SpanFileExporter(file, 2_000);
    const tracer = open({ file: newFile() });
    const msgId = newId();
    const span = tracer.startSpan("publish", { name: "hedges.v1", correlationId: msgId, msgId });
    span.end();
    const codes: number[] = [];
    for (let i = 0; i < 10; i++) exporter.export([span as never], ({ code }) => codes.push(code));
    expect(codes).toEqual(codes.map(() => 0));
    for (const one of [file, `${file}.1`]) expect(statSync(one).size).toBeLessThanOrEqual(2_000);
    // As a full disk leaves it.
    appendFileSync(file, '{"trace_id":"cut o');
    const kept = readSpanFile(file).length;
    expect(kept).toBeGreaterThan(2);
    expect(kept).toBeLessThan(codes.length);
  });
});

describe("sampling", () => {
  it("takes the share that is asked for, and the same traces in every process", () => {
    const tracers = [open({ file: newFile(), ratio: 0.1 }), open({ file: newFile(), ratio: 0.1 })];
    let kept = 0;
    for (let i = 0; i < 5_000; i++) {
      const correlationId = newId();
      const about = { name: "hedges.v1", correlationId, msgId: newId() };
      const [one, other] = tracers.map((tracer) => tracer.startSpan("process", about).isRecording());
      expect(one).toBe(other);
      if (one) kept++;
    }
    // Three standard deviations of a binomial are 64; this is five.
    expect(Math.abs(kept - 500)).toBeLessThan(107);
  });

  it("keeps the whole of a trace that its caller keeps", () => {
    const tracer = open({ file: newFile(), ratio: 1e-9 });
    const correlationId = newId();
    const about = { name: "hedges.v1", correlationId, msgId: newId() };
    const traceparent = `00-${traceIdOf(correlationId)}-00f067aa0ba902b7-01`;
    expect(tracer.startSpan("process", about)).toBe(IDLE_SPAN);
    const span = tracer.startSpan("process", { ...about, traceparent });
    expect(span.isRecording()).toBe(true);
    expect(tracer.startSpan("publish", { ...about, msgId: newId() }, span.spanContext()).isRecording()).toBe(true);
  });

  it("keeps another share as soon as it is said, and nothing at 0, whoever keeps the trace", async () => {
    const file = newFile();
    const tracer = open({ file, ratio: 0 });
    const begin = () => {
      const correlationId = newId();
      const traceparent = `00-${traceIdOf(correlationId)}-00f067aa0ba902b7-01`;
      return tracer.startSpan("process", { name: "hedges.v1", correlationId, msgId: newId(), traceparent });
    };
    expect([tracer.on, begin()]).toEqual([false, IDLE_SPAN]);
    tracer.ratio = 1;
    const span = begin();
    expect([tracer.on, tracer.ratio, span.isRecording()]).toEqual([true, 1, true]);
    tracer.ratio = 0;
    expect([tracer.on, begin()]).toEqual([false, IDLE_SPAN]);
    // What has begun is finished.
    span.end();
    await tracer.flush();
    expect(readSpanFile(file)).toHaveLength(1);
    expect(() => {
      tracer.ratio = 1.5;
    }).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(tracer.ratio).toBe(0);
  });

  it.each([{}, { file: newFile(), ratio: 0 }])("is off, and nothing is made, with %j", (options) => {
    const tracer = open(options);
    expect(tracer.on).toBe(false);
    expect(tracer.startSpan("process", { name: "a", correlationId: newId(), msgId: newId() })).toBe(IDLE_SPAN);
  });
});

describe("what cannot be traced", () => {
  it("is not, and throws nothing", () => {
    const tracer = open({ file: newFile() });
    expect(tracer.startSpan("process", { name: "a", correlationId: "no id", msgId: newId() })).toBe(IDLE_SPAN);
    expect(tracer.startSpan("process", undefined as never)).toBe(IDLE_SPAN);
    const span = tracer.startSpan("publish", { name: "a", correlationId: newId(), msgId: "no id", traceparent: "x" });
    expect(span.isRecording()).toBe(true);
  });

  it("is told when it is set up", () => {
    const wrong = (options: Partial<TracerOptions>) => () => open(options);
    expect(wrong({ ratio: 2 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(wrong({ ratio: Number.NaN })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(wrong({ otlpUrl: "localhost:4318" })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(wrong({ file: "/nowhere/spans" })).toThrow(expect.objectContaining({ code: "FILE_UNUSABLE" }));
  });
});
