import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { TelemetryError } from "./error.ts";
import type { Metrics, MetricsFormat } from "./metrics.ts";

/** The answer of a probe: what is wrong is told in one line, and the status code carries the verdict. */
export interface Health {
  readonly ok: boolean;
  readonly why: string;
}

export interface TelemetryServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<Metrics, "render">;
  /** False until the start is over; what came after it says nothing here. From memory: no I/O. */
  started(): Health;
  /** False when only a restart helps, such as a handler that hangs; never because an engine is away. From memory: no I/O. */
  live(): Health;
  /** False while it should get no work, such as before the reconciliation, or at its end. From memory: no I/O. */
  ready(): Health;
}

export interface TelemetryServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/metrics`, `/startupz`, `/healthz` and `/readyz` (503 with the reason as text). One connection, one request; a page is rendered at most ten times
 * a second, whoever asks, so a scrape costs the agent no more than that.
 * @throws TelemetryError PORT_TAKEN, PORT_FORBIDDEN, BAD_OPTION
 */
export async function serveTelemetry(options: TelemetryServerOptions): Promise<TelemetryServer> {
  const { host, port, started, live, ready } = options;
  const page = cached(options.metrics);
  const server = createServer(LIMITS, (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, TEXT, "only GET\n");
    if (path === "/startupz") return answerHealth(response, started);
    if (path === "/healthz") return answerHealth(response, live);
    if (path === "/readyz") return answerHealth(response, ready);
    if (path !== "/metrics") return answer(response, 404, TEXT, "here are /metrics, /startupz, /healthz and /readyz\n");
    const format = formatOf(request);
    page(format).then(
      (text) => answer(response, 200, CONTENT_TYPE[format], text),
      () => answer(response, 500, TEXT, "the metrics could not be rendered\n"),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    server.once("error", reject).listen(port, host, resolve);
    await promise;
  } catch (cause) {
    throw translate(cause, `${host}:${port}`);
  }
  server.off("error", reject);
  // A connection that fails is the scraper's trouble.
  server.on("error", () => {});
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<unknown>((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerHealth(response: ServerResponse, check: () => Health): void {
  let health: Health;
  try {
    health = check();
  } catch (error) {
    health = { ok: false, why: `the check itself failed: ${error instanceof Error ? error.message : error}` };
  }
  const line = health.why.replace(/\s+/g, " ").slice(0, WHY_LENGTH_MAX);
  answer(response, health.ok ? 200 : 503, TEXT, `${line || (health.ok ? "ok" : "not ok")}\n`);
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(status, { ...headers, connection: "close" }).end(body);
}

/** One rendering at a time and format, kept for a moment. */
function cached(metrics: Pick<Metrics, "render">): (format: MetricsFormat) => Promise<string> {
  const pages = new Map<MetricsFormat, { readonly atMs: number; readonly text: Promise<string> }>();
  return (format) => {
    const now = performance.now();
    const known = pages.get(format);
    if (known !== undefined && now - known.atMs < PAGE_KEPT_MS) return known.text;
    const text = metrics.render(format);
    pages.set(format, { atMs: now, text });
    return text;
  };
}

/** What the scraper prefers (RFC 9110 §12.5.1); exemplars travel in OpenMetrics alone, so it wins a tie. Text is what everybody reads. */
function formatOf({ headers }: IncomingMessage): MetricsFormat {
  const quality = (type: string) =>
    Math.max(
      0,
      ...(headers.accept ?? "").split(",").flatMap((range) => {
        const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
        const q = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
        return name === type ? [Number(q) || 0] : [];
      }),
    );
  const openMetrics = quality("application/openmetrics-text");
  return openMetrics > 0 && openMetrics >= quality("text/plain") ? "openmetrics" : "text";
}

function translate(cause: unknown, where: string): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") return new TelemetryError("PORT_TAKEN", `${where}: somebody listens there`, { cause });
  if (code === "EACCES") return new TelemetryError("PORT_FORBIDDEN", `${where}: may not be listened on`, { cause });
  if (code === "ERR_SOCKET_BAD_PORT") return new TelemetryError("BAD_OPTION", `${where}: no such port`, { cause });
  return cause;
}

const TEXT = "text/plain; charset=utf-8";
const CONTENT_TYPE: Readonly<Record<MetricsFormat, string>> = {
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
  text: Registry.PROMETHEUS_CONTENT_TYPE,
};
const PAGE_KEPT_MS = 100;
const WHY_LENGTH_MAX = 500;
const CONNECTIONS_MAX = 32;
/** Who connects and does not ask, or asks too slowly or too much, is let go. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
};
