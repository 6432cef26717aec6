import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";

/** Spans ended so far; with two exporters each counts. */
export interface SpanCounts {
  readonly waiting: number;
  readonly exported: number;
  /** The queue was full or closed, or the exporter gave up. */
  readonly lost: number;
}

/** The queue before one exporter. The SDK's own drops what is over and only logs it; here it is counted. */
export class BoundedProcessor implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;
  #exported = 0;
  #lost = 0;
  #closed = false;

  constructor(exporter: SpanExporter) {
    const counting: SpanExporter = {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          if (result.code === 0) this.#exported += spans.length;
          else this.#lost += spans.length;
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
    this.#batches = new BatchSpanProcessor({ exporter: counting, ...QUEUE });
  }

  counts(): SpanCounts {
    return { waiting: this.#waiting, exported: this.#exported, lost: this.#lost };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#closed || this.#waiting >= QUEUE.maxQueueSize) {
      this.#lost++;
      return;
    }
    this.#waiting++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    this.#closed = true;
    return this.#batches.shutdown();
  }
}

/** At 1 kB a span, 8 MB wait at most. A batch is small so that turning it into JSON takes the event loop 1 ms or so. */
const QUEUE = { maxQueueSize: 8_192, maxExportBatchSize: 256, scheduledDelayMillis: 250, exportTimeoutMillis: 1_800 };
/** A close sends the whole queue at once. */
export const EXPORTS_MAX = QUEUE.maxQueueSize / QUEUE.maxExportBatchSize + 1;
