/**
 * The trace across the venue's network API, which carries no envelopes: the W3C header beside each request. Node tells of its HTTP
 * requests on diagnostics channels, so neither Execution's edge nor the exchange knows of traces.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { type About, type Probe, parseTraceparent, type Work } from "@countersign/telemetry";

/** What is written while a work is run carries its header. Returns what ends it. */
export function traceRequests(probe: Probe): () => void {
  const created = (message: unknown) => {
    const traceparent = probe.traceparent();
    if (traceparent !== undefined)
      (message as { request: ClientRequest }).request.setHeader("traceparent", traceparent);
  };
  subscribe(CREATED, created);
  return () => void unsubscribe(CREATED, created);
}

/** Each request that comes with a header is a span. Returns what ends it. */
export function traceAnswers(probe: Probe): () => void {
  const works = new WeakMap<object, Work>();
  const started = (message: unknown) => {
    const { request } = message as Exchange;
    const about = aboutRequest(request);
    if (about !== undefined) works.set(request, probe.begin("request", about));
  };
  const finished = (message: unknown) => {
    const { request, response } = message as Exchange;
    works.get(request)?.end(response.statusCode >= 400 ? `HTTP_${response.statusCode}` : undefined);
  };
  subscribe(STARTED, started);
  subscribe(FINISHED, finished);
  return () => {
    unsubscribe(STARTED, started);
    unsubscribe(FINISHED, finished);
  };
}

function aboutRequest({ method = "", url = "", headers }: IncomingMessage): About | undefined {
  const { traceparent } = headers;
  const context = typeof traceparent === "string" ? parseTraceparent(traceparent) : undefined;
  if (context === undefined || typeof traceparent !== "string") return undefined;
  const route = url.replace(/\?.*$/, "").replace(/^(\/v\d+\/\w+)\/.+$/, "$1/{name}");
  const correlationId = context.traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { name: `${method} ${route}`, correlationId, msgId: correlationId, traceparent };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const CREATED = "http.client.request.created";
const STARTED = "http.server.request.start";
const FINISHED = "http.server.response.finish";
