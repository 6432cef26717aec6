import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSpanFile } from "@countersign/telemetry";
import { afterAll, describe, expect, it } from "vitest";
import { openHot } from "./hot.ts";
import { observe } from "./observe.ts";
import { traceAnswers, traceRequests } from "./venue-trace.ts";

const dir = mkdtempSync(join(tmpdir(), "observe-"));
afterAll(() => rmSync(dir, { recursive: true }));
const traced = { COUNTERSIGN_TRACES: "1", LOG_LEVEL: "silent" };
const correlationId = "018bcfe5-6800-7b00-8b00-0123456789ab";
const about = { name: "send", correlationId, msgId: correlationId };

describe("a setting that is none ends the process in one line", () => {
  const open = (environment: Record<string, string>) => () =>
    observe({ dataDir: dir, name: "policy", processName: "policy", address: "127.0.0.1:0", environment });

  it.each([
    [{ COUNTERSIGN_TRACES: "many" }, /COUNTERSIGN_TRACES=many is no share of the traces: give a number from 0 to 1/],
    [{ COUNTERSIGN_TRACES: "2" }, /COUNTERSIGN_TRACES=2/],
    [{ LOG_LEVEL: "loud" }, /LOG_LEVEL: "loud" is none of/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, /"collector" is no http URL/],
  ])("%j", (environment, why) => {
    expect(open(environment)).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringMatching(why) }),
    );
  });

  it("an address of Redis that is none, which is not repeated", () => {
    const secrets = () => ({ redis: "http://:hunter2@redis" });
    const observed = observe({
      dataDir: dir,
      name: "policy",
      processName: "policy",
      address: undefined,
      environment: {},
    });
    const opening = () =>
      openHot({ dir, name: "policy", replicas: 1, platform: "p", secrets, observed, environment: {} });
    expect(opening).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(opening).not.toThrow(/hunter2/);
  });
});

describe("a request to a venue", () => {
  it("carries the trace of what is in hand, and is a span where it is answered; any other request is none", async () => {
    const execution = observe({
      dataDir: dir,
      name: "execution",
      processName: "execution",
      address: "127.0.0.1:0",
      environment: traced,
    });
    const exchange = observe({
      dataDir: dir,
      name: "exchange",
      processName: "exchange",
      address: "127.0.0.1:0",
      environment: traced,
    });
    const untrace = [traceRequests(execution.probe), traceAnswers(exchange.probe)];
    const server = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { request } = await import("node:http");
    const send = (method: string, path: string) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const asked = request({ port, host: "127.0.0.1", method, path }, (response) =>
        response.resume().once("end", resolve),
      );
      asked.end();
      return promise;
    };
    await send("GET", "/healthz");
    const act = execution.probe.begin("act", about);
    const answered = act.run(() => send("DELETE", "/v1/orders/an%20id?x=1"));
    act.end();
    await answered;
    for (const end of untrace) end();
    await new Promise((resolve) => server.close(resolve));
    for (const observed of [execution, exchange]) await observed.close();
    const [acted] = readSpanFile(join(dir, "traces", "execution.jsonl"));
    const spans = readSpanFile(join(dir, "traces", "exchange.jsonl"));
    expect(spans).toMatchObject([
      { name: "DELETE /v1/orders/{name}", parent_span_id: acted?.span_id, trace_id: acted?.trace_id, is_error: true },
    ]);
  });
});

describe("how much is told", () => {
  it("may change while it runs, and the page says how much it is", async () => {
    const observed = observe({
      dataDir: dir,
      name: "signal",
      processName: "signal",
      address: "127.0.0.1:0",
      environment: { COUNTERSIGN_TRACES: "0", LOG_LEVEL: "silent" },
    });
    const begin = () => observed.probe.begin("act", about).traceparent();
    expect([observed.isTraced(), observed.logLevel, begin()]).toEqual([false, "silent", undefined]);
    observed.traceRatio = 1;
    observed.logLevel = "fatal";
    expect(begin()).toMatch(/^00-018bcfe568007b008b000123456789ab-[0-9a-f]{16}-01$/);
    expect([observed.isTraced(), observed.logLevel]).toEqual([true, "fatal"]);
    const page = await observed.metrics.render("text");
    expect(page).toContain('countersign_log_level{level="fatal",agent="signal"} 1');
    expect(page).toContain('countersign_trace_ratio{agent="signal"} 1');
    await observed.close();
  });
});

describe("the pages of a process", () => {
  it("stand at its address, and are gone when it has ended", async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const observed = observe({ dataDir: dir, name: "policy", processName: "policy", address, environment: traced });
    const fine = () => ({ ok: true, why: "" });
    await observed.serve({ started: fine, live: fine, ready: () => ({ ok: false, why: "it is starting" }) });
    observed.probe.refused("STALE", "pipeline");
    const page = async (path: string) => {
      const response = await fetch(`http://${address}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    expect([await page("/healthz"), await page("/readyz")]).toEqual(["200 ok\n", "503 it is starting\n"]);
    expect(await page("/metrics")).toContain(
      'countersign_refusals_total{code="STALE",place="pipeline",agent="policy"} 1',
    );
    await observed.close();
    await expect(fetch(`http://${address}/healthz`)).rejects.toThrow();
  });
});
