/**
 * What the shell tells about its own work, to whoever measures and traces it. Nothing that a probe does may reach a decision: it is
 * told, never asked. Without one nothing is measured, and nothing is spent.
 */
import type { Delivered } from "@countersign/bus";
import type { Opened } from "@countersign/envelope";
import { headerText } from "./headers.ts";

/**
 * The steps a message takes. `decode` is its payload's; the envelope is decoded and verified at once. `seen` is asked beforehand of what
 * is too old alone; of everything else the transaction says it. `wait` lasts until a transaction takes it, with what it decides upon.
 * `publish` and `offset` are the bus'.
 */
export type Step = "decode" | "verify" | "allowed" | "seen" | "age" | "rate" | "wait" | "decide" | "commit";

/** A message is handled, a call is served, an input came that no message brought, an edge acts. */
type Operation = "process" | "serve" | "input" | "act";

export interface About {
  /** The topic, the call, the kind of input, what the edge does. */
  readonly name: string;
  readonly correlationId: string;
  /** Of the message that is handled, or of the cause that is no message. */
  readonly msgId: string;
  readonly causationId?: string;
  /** It answers a call of ours, whose message is its cause. */
  readonly isAnswer?: boolean;
  /** The header that came with it, unsigned. */
  readonly traceparent?: string | undefined;
  readonly group?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  /** When it was begun, by `performance.now()`; now unless told. */
  readonly startedMs?: number;
}

/** One piece of work. */
export interface Work {
  /** What ran since the last step, or since the beginning, was this; or it took so long. */
  step(step: Step, seconds?: number): void;
  refused(code: string, place: string): void;
  /** Runs it as this work's: what it writes to a peer, before it returns, carries this work's trace. */
  run<T>(task: () => T): T;
  /** @param error the code it failed with */
  end(error?: string): void;
}

export interface Probe {
  begin(operation: Operation, about: About): Work;
  /** Where a step is measured without a piece of work: on market topics. */
  step(step: Step, seconds: number): void;
  refused(code: string, place: string): void;
}

/** Times of the first doors, before it is known what the message is. */
export class DoorTimes {
  readonly startedMs = performance.now();
  readonly #steps: [Step, number][] = [];
  #markMs = this.startedMs;

  passed(step: Step): void {
    const nowMs = performance.now();
    this.#steps.push([step, (nowMs - this.#markMs) / 1_000]);
    this.#markMs = nowMs;
  }

  tell(to: Pick<Probe, "step"> | Pick<Work, "step">): void {
    for (const [step, seconds] of this.#steps) to.step(step, seconds);
  }
}

/** Of a record of the bus that was opened. */
export function aboutRecord({ body }: Opened, record: Delivered, group: string, startedMs: number): About {
  const { topic, partition, offset } = record;
  const { msgId, correlationId, causationId } = body;
  const traceparent = headerText(record.headers, "traceparent");
  return { name: topic, msgId, correlationId, causationId, traceparent, group, partition, offset, startedMs };
}
