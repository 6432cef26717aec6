import { METRICS_CONTENT_TYPE } from "./metrics.ts";

export interface Request {
  readonly method: string;
  /** As the request line has it, with its query. */
  readonly target: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a page may ask the platform. Asked at each request, and only by the page that shows it. */
export interface Sources {
  agents(): readonly AgentReadiness[];
  /** A whole page of metrics: `renderMetrics`. */
  metrics(): string;
}

interface AgentReadiness {
  readonly name: string;
  readonly ready: boolean;
}

/**
 * The pages there are, for GET alone. A source that throws makes its page a 500 and nothing else: what watches the platform never
 * stops it, and for the watcher a page it cannot get is bad news as well.
 */
export function answer({ method, target }: Request, sources: Sources): Answer {
  const page = pages.get(target.split("?", 1)[0] ?? "");
  if (page === undefined) return text(404, "there is no such page: /healthz, /readyz, /metrics\n");
  if (method !== "GET") return text(405, "pages are for GET\n", { allow: "GET" });
  try {
    return page(sources);
  } catch (cause) {
    return text(500, `${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
}

const pages: ReadonlyMap<string, (sources: Sources) => Answer> = new Map([
  ["/healthz", () => text(200, "alive\n")],
  ["/readyz", readiness],
  [
    "/metrics",
    (sources) => ({ status: 200, headers: { "content-type": METRICS_CONTENT_TYPE }, body: sources.metrics() }),
  ],
]);

/** Nobody to ask is nobody ready. */
function readiness(sources: Sources): Answer {
  const agents = sources.agents().map(({ name, ready }) => ({ name, ready }));
  const ready = agents.length > 0 && agents.every((agent) => agent.ready);
  const headers = { "content-type": "application/json" };
  return { status: ready ? 200 : 503, headers, body: `${JSON.stringify({ ready, agents })}\n` };
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}
