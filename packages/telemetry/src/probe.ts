/**
 * What an agent's shell tells about its own work, as one port: metrics and spans behind a few calls. None throws, none waits, and nothing
 * that it returns may reach a decision. The shell declares the port; this adapter fits it by shape, so that neither imports the other.
 */
import type { Span, SpanContext } from "@opentelemetry/api";
import type { Step } from "./catalogue.ts";
import { traceparentOf } from "./context.ts";
import type { About, Operation } from "./conventions.ts";
import type { Metrics } from "./metrics.ts";
import { failSpan, type Tracer } from "./traces.ts";

/** One piece of work: a message handled or sent, a call made or served. */
export interface Work {
  /** What ran since the last step, or since the beginning, was this. */
  step(step: Step): void;
  /** It was refused, here: counted, and the span's error. */
  refused(code: string, place: string): void;
  /** The W3C header of its span, for a peer that does not read our envelopes; undefined where it is not traced. */
  traceparent(): string | undefined;
  /** @param error the code it failed with; a second call does nothing */
  end(error?: string): void;
}

export interface Probe {
  /** @param within the work that wants it: its parent */
  begin(operation: Operation, about: About, within?: Work): Work;
  /** Where a step is measured without a piece of work, such as on a market topic. */
  step(step: Step, seconds: number): void;
  refused(code: string, place: string): void;
  /** The agent has a record in hand; `behind` more of the partition are known to wait. */
  delivered(topic: string, partition: number, brokerTimeMs: number, behind: number): void;
  handled(topic: string, partition: number): void;
  published(topic: string): void;
}

export function telemetryProbe(metrics: Metrics, tracer: Tracer): Probe {
  return {
    begin(operation, about, within) {
      const parent = within instanceof MeasuredWork ? within.context : undefined;
      return new MeasuredWork(metrics, tracer.startSpan(operation, about, parent));
    },
    step: (step, seconds) => metrics.step(step, seconds),
    refused: (code, place) => metrics.refused(code, place),
    delivered: (topic, partition, brokerTimeMs, behind) => metrics.delivered(topic, partition, brokerTimeMs, behind),
    handled: (topic, partition) => metrics.handled(topic, partition),
    published: (topic) => metrics.published(topic),
  };
}

class MeasuredWork implements Work {
  readonly #metrics: Metrics;
  readonly #span: Span;
  /** Undefined where nothing is traced. */
  readonly context: SpanContext | undefined;
  #markMs = performance.now();
  #ended = false;

  constructor(metrics: Metrics, span: Span) {
    this.#metrics = metrics;
    this.#span = span;
    this.context = span.isRecording() ? span.spanContext() : undefined;
  }

  step(step: Step): void {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#markMs) / 1_000;
    this.#markMs = nowMs;
    this.#metrics.step(step, seconds, this.context);
    if (this.context !== undefined) this.#span.setAttribute(STEP_ATTRIBUTE[step], seconds);
  }

  refused(code: string, place: string): void {
    this.#metrics.refused(code, place);
    if (this.context !== undefined) failSpan(this.#span, code);
  }

  traceparent(): string | undefined {
    return this.context === undefined ? undefined : traceparentOf(this.context);
  }

  end(error?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.context === undefined) return;
    if (error !== undefined) failSpan(this.#span, error);
    this.#span.end();
  }
}

/** A span shows where its time went: `countersign.step.verify` and so on, in seconds. */
const STEP_ATTRIBUTE: Readonly<Record<Step, string>> = {
  decode: "countersign.step.decode",
  verify: "countersign.step.verify",
  allowed: "countersign.step.allowed",
  seen: "countersign.step.seen",
  age: "countersign.step.age",
  rate: "countersign.step.rate",
  decide: "countersign.step.decide",
  commit: "countersign.step.commit",
  publish: "countersign.step.publish",
  offset: "countersign.step.offset",
};
