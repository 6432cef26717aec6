import { describe, expect, it } from "vitest";
import * as telemetry from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(telemetry).sort()).toEqual([
      "HALT_SCOPES",
      "IDLE_SPAN",
      "LOG_LEVELS",
      "MEASURED_WORK",
      "METRICS",
      "MessageLog",
      "Metrics",
      "STEPS",
      "STEP_BOUNDS_SECONDS",
      "TelemetryError",
      "WORK_BOUNDS_SECONDS",
      "failSpan",
      "logFatalErrors",
      "logLevelOf",
      "openLogs",
      "openTracer",
      "parseTraceparent",
      "readSpanFile",
      "serveTelemetry",
      "spanIdOf",
      "telemetryProbe",
      "traceGaps",
      "traceIdOf",
      "traceparentOf",
      "withoutSecrets",
    ]);
  });

  it("works as the README shows", async () => {
    const metrics = new telemetry.Metrics({ agent: "policy" });
    const tracer = telemetry.openTracer({ service: "policy", instance: "policy-0", otlpUrl: undefined });
    const ok = () => ({ ok: true, why: "" });
    const server = await telemetry.serveTelemetry({
      host: "127.0.0.1",
      port: 0,
      metrics,
      started: ok,
      live: ok,
      ready: ok,
    });
    const probe = telemetry.telemetryProbe(metrics, tracer);
    const message = {
      correlationId: "018bcfe5-6800-7b00-8b00-0123456789ab",
      msgId: "018bcfe5-6801-7c00-9b00-fedcba987654",
    };
    const work = probe.begin("process", { name: "orders.intent.v1", ...message });
    work.step("verify");
    work.refused("STALE", "pipeline");
    work.end();
    const page = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    expect(page).toContain('countersign_refusals_total{code="STALE",place="pipeline",agent="policy"} 1');
    await server.close();
    metrics.close();
    await tracer.close();
  });
});
