import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseOpenMetrics } from "../test/openmetrics.ts";
import { Metrics } from "./metrics.ts";
import { type Health, serveTelemetry, type TelemetryServer } from "./server.ts";

const fine = (): Health => ({ ok: true, why: "" });
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Served {
  readonly started?: () => Health;
  readonly live?: () => Health;
  readonly ready?: () => Health;
  readonly metrics?: Pick<Metrics, "render">;
}

async function serve(options: Served = {}) {
  const own = new Metrics({ agent: "execution" });
  own.published("ledger.entries.v1");
  const { started = fine, live = fine, ready = fine, metrics = own } = options;
  const server = await serveTelemetry({ host: "127.0.0.1", port: 0, metrics, started, live, ready });
  closing.push(
    () => own.close(),
    () => server.close(),
  );
  return server;
}

const get = (server: TelemetryServer, path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, init);

/** As Prometheus 3 asks. */
const PROMETHEUS =
  "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

describe("/metrics", () => {
  it.each([
    [PROMETHEUS, "application/openmetrics-text; version=1.0.0; charset=utf-8"],
    ["application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"],
    ["text/plain;q=0.9, application/openmetrics-text;q=0.1", "text/plain; version=0.0.4; charset=utf-8"],
    ["application/openmetrics-text;q=0, text/plain", "text/plain; version=0.0.4; charset=utf-8"],
    ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
    ["", "text/plain; version=0.0.4; charset=utf-8"],
  ])("asked for %j answers %s", async (accept, type) => {
    const response = await get(await serve(), "/metrics", { headers: { accept } });
    expect(response.headers.get("content-type")).toBe(type);
    const text = await response.text();
    if (type.startsWith("application")) expect(parseOpenMetrics(text).length).toBeGreaterThan(5);
    else expect(text).toContain('countersign_records_total{topic="ledger.entries.v1",agent="execution"} 1');
  });

  it("renders once for a crowd of scrapers", async () => {
    let renderings = 0;
    const render = async () => {
      renderings++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return "page\n";
    };
    const server = await serve({ metrics: { render } });
    const started = performance.now();
    const pages = await Promise.all(Array.from({ length: 20 }, async () => (await get(server, "/metrics")).text()));
    expect(new Set(pages)).toEqual(new Set(["page\n"]));
    // One in each tenth of a second.
    expect(renderings).toBeLessThanOrEqual(1 + (performance.now() - started) / 100);
    await new Promise((resolve) => setTimeout(resolve, 110));
    const before = renderings;
    await get(server, "/metrics");
    expect(renderings).toBe(before + 1);
  });

  it("answers 500 when the page cannot be rendered, and lives on", async () => {
    const server = await serve({ metrics: { render: () => Promise.reject(new Error("no")) } });
    expect((await get(server, "/metrics")).status).toBe(500);
    expect((await get(server, "/healthz")).status).toBe(200);
  });
});

describe("the probes", () => {
  it("are 200 when all is well, and 503 with the reason as one line", async () => {
    let health: Health = { ok: true, why: "" };
    const server = await serve({
      live: () => health,
      ready: () => ({ ok: false, why: "reconciling\nwith the venue" }),
    });
    expect(await (await get(server, "/healthz")).text()).toBe("ok\n");
    health = { ok: false, why: "orders.intent.v1: no progress for 31 s" };
    const red = await get(server, "/healthz");
    expect([red.status, await red.text()]).toEqual([503, "orders.intent.v1: no progress for 31 s\n"]);
    expect((await get(server, "/startupz")).status).toBe(200);
    const notReady = await get(server, "/readyz?verbose");
    expect([notReady.status, await notReady.text()]).toEqual([503, "reconciling with the venue\n"]);
  });

  it("are red when the check itself fails", async () => {
    const server = await serve({
      live: () => {
        throw new Error("no store");
      },
    });
    const response = await get(server, "/healthz");
    expect([response.status, await response.text()]).toEqual([503, "the check itself failed: no store\n"]);
  });
});

describe("the server", () => {
  it("knows three paths and two methods", async () => {
    const server = await serve();
    expect((await get(server, "/")).status).toBe(404);
    expect((await get(server, "/metrics", { method: "POST" })).status).toBe(405);
    expect((await get(server, "/readyz", { method: "HEAD" })).status).toBe(200);
  });

  it("says where somebody listens already, and that a port is none", async () => {
    const server = await serve();
    const options = { host: "127.0.0.1", metrics: { render: async () => "" }, started: fine, live: fine, ready: fine };
    await expect(serveTelemetry({ ...options, port: server.port })).rejects.toMatchObject({ code: "PORT_TAKEN" });
    await expect(serveTelemetry({ ...options, port: 70_000 })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it("closes at once, also with somebody connected who asks nothing", async () => {
    const server = await serve();
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    const started = performance.now();
    await server.close();
    await ended;
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
