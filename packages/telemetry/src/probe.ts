/**
 * What an agent's shell tells about its own work, as one port: metrics and spans behind a few calls. None throws, none waits, and nothing
 * that it returns may reach a decision. The shell declares the port; this adapter fits it by shape, so that neither imports the other.
 */
import type { Span, SpanContext } from "@opentelemetry/api";
import { MEASURED_WORK, type Step } from "./catalogue.ts";
import { traceparentOf } from "./context.ts";
import type { About, Operation } from "./conventions.ts";
import type { Metrics } from "./metrics.ts";
import { failSpan, type Tracer } from "./traces.ts";

/** One piece of work: a message handled or sent, a call made or served. */
export interface Work {
  /** What ran since the last step, or since the beginning, was this; or it took so long, elsewhere. */
  step(step: Step, seconds?: number): void;
  /** It was refused, here: counted, and the span's error. */
  refused(code: string, place: string): void;
  /** The W3C header of its span, for a peer that does not read our envelopes; undefined where it is not traced. */
  traceparent(): string | undefined;
  /** Runs it with this work in hand: until it returns, `Probe.traceparent` is this work's. */
  run<T>(task: () => T): T;
  /** @param error the code it failed with; a second call does nothing */
  end(error?: string): void;
}

export interface Probe {
  /** @param within the work that wants it: its parent */
  begin(operation: Operation, about: About, within?: Work): Work;
  /** Where a step is measured without a piece of work, such as on a market topic. */
  step(step: Step, seconds: number): void;
  refused(code: string, place: string): void;
  /** The agent has a record, or the oldest of `count`, in hand; `behind` more of the partition are known to wait. */
  delivered(topic: string, partition: number, brokerTimeMs: number, behind: number, count?: number): void;
  handled(topic: string, partition: number): void;
  published(topic: string): void;
  /** Of the work that is run right now, for a request that it writes; undefined outside of any, and where it is not traced. */
  traceparent(): string | undefined;
}

/** What is told of a message or a call that was refused; for a log. */
export type OnRefused = (about: About, code: string, place: string) => void;

export function telemetryProbe(metrics: Metrics, tracer: Tracer, onRefused: OnRefused = () => {}): Probe {
  const hand: Hand = { work: undefined };
  return {
    begin(operation, about, within) {
      const parent = within instanceof MeasuredWork ? within.context : undefined;
      const span = tracer.startSpan(operation, about, parent);
      return new MeasuredWork(metrics, span, hand, measured(operation, about), (code, place) =>
        onRefused(about, code, place),
      );
    },
    step: (step, seconds) => metrics.step(step, seconds),
    refused: (code, place) => metrics.refused(code, place),
    delivered: (topic, partition, brokerTimeMs, behind, count) =>
      metrics.delivered(topic, partition, brokerTimeMs, behind, count),
    handled: (topic, partition) => metrics.handled(topic, partition),
    published: (topic) => metrics.published(topic),
    traceparent: () => hand.work?.traceparent(),
  };
}

/** What is told of it when it ends. */
interface Measured {
  readonly operation: Operation;
  readonly name: string;
  readonly startedMs: number;
}

function measured(operation: Operation, { name, startedMs = performance.now() }: About): Measured | undefined {
  return MEASURED.has(operation) ? { operation, name, startedMs } : undefined;
}

const MEASURED: ReadonlySet<Operation> = new Set(MEASURED_WORK);

/** What is in hand while it is run, synchronously: no context travels by itself. */
interface Hand {
  work: Work | undefined;
}

class MeasuredWork implements Work {
  readonly #metrics: Metrics;
  readonly #span: Span;
  /** Undefined where nothing is traced. */
  readonly context: SpanContext | undefined;
  readonly #hand: Hand;
  readonly #measured: Measured | undefined;
  readonly #onRefused: (code: string, place: string) => void;
  #markMs = performance.now();
  #ended = false;

  constructor(
    metrics: Metrics,
    span: Span,
    hand: Hand,
    measured: Measured | undefined,
    onRefused: (code: string, place: string) => void,
  ) {
    this.#metrics = metrics;
    this.#hand = hand;
    this.#measured = measured;
    this.#onRefused = onRefused;
    this.#span = span;
    this.context = span.isRecording() ? span.spanContext() : undefined;
  }

  step(step: Step, given?: number): void {
    const seconds = given ?? this.#sinceMark();
    this.#metrics.step(step, seconds, this.context);
    if (this.context !== undefined) this.#span.setAttribute(STEP_ATTRIBUTE[step], seconds);
  }

  #sinceMark(): number {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#markMs) / 1_000;
    this.#markMs = nowMs;
    return seconds;
  }

  refused(code: string, place: string): void {
    this.#metrics.refused(code, place);
    if (this.context !== undefined) failSpan(this.#span, code);
    this.#onRefused(code, place);
  }

  traceparent(): string | undefined {
    return this.context === undefined ? undefined : traceparentOf(this.context);
  }

  run<T>(task: () => T): T {
    const before = this.#hand.work;
    this.#hand.work = this;
    try {
      return task();
    } finally {
      this.#hand.work = before;
    }
  }

  end(error?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const nowMs = performance.now();
    if (this.#measured !== undefined) {
      const { operation, name, startedMs } = this.#measured;
      this.#metrics.worked(operation, name, (nowMs - startedMs) / 1_000, this.context);
    }
    if (this.context === undefined) return;
    if (error !== undefined) failSpan(this.#span, error);
    this.#span.end(nowMs);
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
  wait: "countersign.step.wait",
  decide: "countersign.step.decide",
  commit: "countersign.step.commit",
  publish: "countersign.step.publish",
  offset: "countersign.step.offset",
};
