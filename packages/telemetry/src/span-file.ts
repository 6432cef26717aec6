/**
 * Spans as JSON lines in a file: a trace across processes can be read without a collector. Bounded: the newest are kept, in the file and
 * in the one before it, `<file>.1`.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { HrTime } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { TelemetryError } from "./error.ts";

/** One line of the file. Times are nanoseconds since 1970, as text: they are beyond 2^53. */
export interface SpanLine {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  /** INTERNAL 0, SERVER 1, CLIENT 2, PRODUCER 3, CONSUMER 4. */
  readonly kind: number;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly service: string;
  readonly instance: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly trace_id: string; readonly span_id: string }[];
  readonly is_error: boolean;
}

export class SpanFileExporter implements SpanExporter {
  readonly #path: string;
  readonly #bytesMax: number;
  #fd: number | undefined;
  #bytes = 0;

  /** @throws TelemetryError FILE_UNUSABLE */
  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    try {
      this.#open();
    } catch (cause) {
      throw new TelemetryError("FILE_UNUSABLE", `traces: ${path} cannot be written`, { cause });
    }
  }

  /** One write for a batch, at its end a newline: a process that is killed leaves whole lines. */
  export(spans: ReadableSpan[], done: Parameters<SpanExporter["export"]>[1]): void {
    let error: Error | undefined;
    try {
      this.#write(Buffer.from(spans.map((span) => `${JSON.stringify(lineOf(span))}\n`).join("")));
    } catch (cause) {
      error = cause as Error;
    }
    done(error === undefined ? { code: SUCCESS } : { code: FAILED, error });
  }

  #write(bytes: Buffer): void {
    if (this.#fd === undefined) throw new Error("the file is closed");
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#bytesMax) this.#begin();
    this.#bytes += writeSync(this.#fd, bytes);
  }

  #open(): void {
    this.#fd = openSync(this.#path, "a");
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** A new file; the present one becomes the one before. */
  #begin(): void {
    renameSync(this.#path, previous(this.#path));
    const before = this.#fd;
    this.#open();
    if (before !== undefined) closeSync(before);
  }

  async shutdown(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** The spans of a file and of the one before it. A last line that was cut off, by a full disk or a power cut, is left out. */
export function readSpanFile(path: string): SpanLine[] {
  return [previous(path), path].flatMap((one) => {
    if (one !== path && !existsSync(one)) return [];
    const lines = readFileSync(one, "utf8").split("\n");
    lines.pop();
    return lines.map((line) => JSON.parse(line));
  });
}

function previous(path: string): string {
  return `${path}.1`;
}

/** What keeps a trace from being one: a parent that is not among the spans, or several beginnings. Empty when it is whole. */
export function traceGaps(spans: readonly SpanLine[], traceId: string): string[] {
  const own = spans.filter((span) => span.trace_id === traceId);
  if (own.length === 0) return [`${traceId}: no spans`];
  const ids = new Set(own.map((span) => span.span_id));
  const where = (span: SpanLine) => `${span.name} of ${span.service}`;
  const orphans = own.filter(({ parent_span_id: parent }) => parent !== undefined && !ids.has(parent));
  const roots = own.filter((span) => span.parent_span_id === undefined);
  return [
    ...orphans.map((span) => `${where(span)}: its parent ${span.parent_span_id} is missing`),
    ...(roots.length === 1 ? [] : [`${roots.length} beginnings: ${roots.map(where).join(", ")}`]),
  ];
}

function lineOf(span: ReadableSpan): SpanLine {
  const { traceId, spanId } = span.spanContext();
  return {
    trace_id: traceId,
    span_id: spanId,
    ...(span.parentSpanContext && { parent_span_id: span.parentSpanContext.spanId }),
    name: span.name,
    kind: span.kind,
    start_ns: nanos(span.startTime),
    end_ns: nanos(span.endTime),
    service: String(span.resource.attributes["service.name"]),
    instance: String(span.resource.attributes["service.instance.id"]),
    attributes: span.attributes,
    links: span.links.map(({ context }) => ({ trace_id: context.traceId, span_id: context.spanId })),
    is_error: span.status.code === ERROR_STATUS,
  };
}

function nanos([seconds, rest]: HrTime): string {
  return `${seconds}${String(rest).padStart(9, "0")}`;
}

/** As `ExportResultCode` and `SpanStatusCode` number them. */
const SUCCESS = 0;
const FAILED = 1;
const ERROR_STATUS = 2;
