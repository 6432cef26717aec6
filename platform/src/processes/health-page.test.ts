import { Metrics, serveTelemetry } from "@countersign/telemetry";
import { expect, it } from "vitest";
import { ask, largest, metricsOf, parseMetrics } from "./health-page.ts";

it("a process' pages are read as it serves them", async () => {
  const metrics = new Metrics({ agent: "policy" });
  metrics.watch({ fenceAgeSeconds: () => 1.5 });
  const fine = () => ({ ok: true, why: "" });
  const health = { started: fine, live: fine, ready: () => ({ ok: false, why: "the fence\nis old" }) };
  const server = await serveTelemetry({ host: "127.0.0.1", port: 0, metrics, ...health });
  const address = `127.0.0.1:${server.port}`;
  try {
    expect(await ask(address, "/healthz", 1_000)).toEqual({ ok: true, why: "ok", heard: true });
    expect(await ask(address, "/readyz", 1_000)).toEqual({ ok: false, why: "the fence is old", heard: true });
    const samples = await metricsOf(address, 1_000);
    expect(largest(samples!, "countersign_fence_age_seconds")).toBe(1.5);
    expect(largest(samples!, "countersign_outbox_age_seconds")).toBe(undefined);
  } finally {
    await server.close();
  }
  expect(await ask(address, "/healthz", 1_000)).toMatchObject({
    ok: false,
    heard: false,
    why: expect.stringContaining("ECONNREFUSED"),
  });
  expect(await metricsOf(address, 1_000)).toBe(undefined);
});

it("of a family the largest sample counts, whatever its labels", () => {
  const text = '# HELP a b\n# TYPE a gauge\na{topic="x.v1",agent="p"} 2\na{topic="y"} 7e-1\nab 9\nbad\n';
  expect(largest(parseMetrics(text), "a")).toBe(2);
});
