/**
 * Spans of one process. No global state: nothing is registered with the OpenTelemetry API, and no context travels by itself. Without a
 * place to send spans to, `startSpan` returns one object that does nothing.
 */
import {
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  RandomIdGenerator,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { traceIdOf } from "./context.ts";
import { type About, attributesOf, CONVENTIONS, type Operation, spanName } from "./conventions.ts";
import { TelemetryError } from "./error.ts";
import { nearOf, placeOf } from "./place.ts";
import { SpanFileExporter } from "./span-file.ts";
import { BoundedProcessor, EXPORTS_MAX, type SpanCounts } from "./span-queue.ts";

export interface TracerOptions {
  /** The agent, and which of its replicas. */
  readonly service: string;
  readonly instance: string;
  /** Of a collector, OTLP over HTTP as JSON: `http://host:4318`; its path `/v1/traces` may be left out. */
  readonly otlpUrl?: string | undefined;
  /** A file for JSON lines. At 64 MiB it becomes `<file>.1`, in the place of the one before, and a new one is begun. */
  readonly file?: string | undefined;
  /** The share of traces that is kept, 0 to 1; decided by the trace id, so alike in every process with the same ratio. */
  readonly ratio?: number;
  readonly systems?: { readonly messaging: string; readonly rpc: string };
}

export interface Tracer {
  /** False while no span is kept. */
  readonly on: boolean;
  /** The share of traces that is kept; set, of what begins from now on. Setting throws TelemetryError BAD_OPTION. */
  ratio: number;
  /** Never throws. What is not sampled, or cannot be, is `IDLE_SPAN`. */
  startSpan(operation: Operation, about: About, parent?: SpanContext): Span;
  counts(): SpanCounts;
  /** Sends what waits; never throws. */
  flush(): Promise<void>;
  /** Sends what waits, and gives up after two seconds; never throws. */
  close(): Promise<void>;
}

/** @throws TelemetryError BAD_OPTION, FILE_UNUSABLE */
export function openTracer(options: TracerOptions): Tracer {
  const { service, instance, ratio = 1 } = options;
  let sampling = samplingOf(ratio);
  const exporters: SpanExporter[] = [];
  if (options.otlpUrl !== undefined) exporters.push(new OTLPTraceExporter(otlpOptions(options.otlpUrl)));
  if (options.file !== undefined) exporters.push(new SpanFileExporter(options.file, FILE_BYTES_MAX));
  if (exporters.length === 0) return idleTracer();

  const queues = exporters.map((exporter) => new BoundedProcessor(exporter));
  const ids = new GivenIds();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.instance.id": instance }),
    // Decided before the span is made, by `sampling`.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: ATTRIBUTE_LENGTH_MAX, attributeCountLimit: 64, linkCountLimit: 128 },
    spanProcessors: queues,
  });
  const tracer = provider.getTracer("countersign");
  const systems = options.systems ?? { messaging: "kafka", rpc: "grpc" };

  function start(operation: Operation, about: About, parent: SpanContext | undefined): Span {
    const traceId = traceIdOf(about.correlationId);
    if (traceId === undefined) return IDLE_SPAN;
    const near = nearOf(about, parent);
    // Whoever handed it over keeps its trace, or the ratio does: decided first, so that what is not kept costs little.
    if (!near.some(({ traceFlags }) => traceFlags & TraceFlags.SAMPLED) && !sampling.keeps(traceId)) return IDLE_SPAN;
    const place = placeOf(operation, about, traceId, near);
    ids.next(traceId, place.spanId);
    const context = place.parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, place.parent);
    const attributes = attributesOf(operation, about, systems);
    return tracer.startSpan(
      spanName(operation, about),
      {
        kind: CONVENTIONS[operation].kind,
        attributes,
        links: place.links,
        ...(about.startedMs !== undefined && { startTime: about.startedMs }),
      },
      context,
    );
  }

  return {
    get on() {
      return sampling.ratio > 0;
    },
    get ratio() {
      return sampling.ratio;
    },
    set ratio(ratio) {
      sampling = samplingOf(ratio);
    },
    startSpan(operation, about, parent) {
      if (sampling.ratio === 0) return IDLE_SPAN;
      try {
        return start(operation, about, parent);
      } catch {
        return IDLE_SPAN;
      }
    },
    counts: () => sum(queues.map((queue) => queue.counts())),
    flush: () => atMost(provider.forceFlush({ timeoutMillis: CLOSE_MS_MAX })),
    close: () => atMost(provider.shutdown()),
  };
}

/** Ends a span whose work failed, with a code of ours: `error.type` is for a short list, never for a text. */
export function failSpan(span: Span, code: string): void {
  span.setAttribute("error.type", code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** What `startSpan` returns where nothing is traced. */
export const IDLE_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** There is nowhere to send a span to, whatever the share. */
function idleTracer(): Tracer {
  return {
    on: false,
    ratio: 0,
    startSpan: () => IDLE_SPAN,
    counts: () => sum([]),
    flush: async () => {},
    close: async () => {},
  };
}

/** @throws TelemetryError BAD_OPTION */
function samplingOf(ratio: number) {
  if (!(ratio >= 0 && ratio <= 1))
    throw new TelemetryError("BAD_OPTION", `traces: ratio ${ratio} is no share between 0 and 1`);
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return { ratio, keeps: (traceId: string) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision !== 0 };
}

function sum(all: readonly SpanCounts[]): SpanCounts {
  const total = (pick: (one: SpanCounts) => number) => all.reduce((before, one) => before + pick(one), 0);
  return {
    waiting: total((one) => one.waiting),
    exported: total((one) => one.exported),
    lost: total((one) => one.lost),
  };
}

/** Random ids, but for those that were given for the span that starts next. */
class GivenIds extends RandomIdGenerator {
  #traceId: string | undefined;
  #spanId: string | undefined;

  next(traceId: string, spanId: string | undefined): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
  }

  override generateTraceId(): string {
    return this.#traceId ?? super.generateTraceId();
  }

  override generateSpanId(): string {
    return this.#spanId ?? super.generateSpanId();
  }
}

function otlpOptions(text: string) {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TelemetryError("BAD_OPTION", `traces: ${JSON.stringify(text)} is no http URL of a collector`);
  if (url.pathname === "/") url.pathname = "/v1/traces";
  return { url: url.href, timeoutMillis: EXPORT_MS_MAX, concurrencyLimit: EXPORTS_MAX };
}

/** Whatever becomes of it, after two seconds nobody waits for it, and it does not keep the process alive. */
async function atMost(work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_MS_MAX);
  await Promise.race([work.catch(() => {}), promise]);
  clearTimeout(timer);
}

/** Below the limit of `close`, so that a retry towards a dead collector does not outlive it. */
const EXPORT_MS_MAX = 1_500;
const CLOSE_MS_MAX = 2_000;
const ATTRIBUTE_LENGTH_MAX = 256;
/** Of the file; as much again stands beside it. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
