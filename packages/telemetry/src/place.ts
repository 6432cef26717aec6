/** Where a span stands: below the work in hand, or else below the span that sent its message, whichever process that was in. */
import { type Link, type SpanContext, TraceFlags } from "@opentelemetry/api";
import { parseTraceparent, spanIdOf, traceIdOf } from "./context.ts";
import type { About, Operation } from "./conventions.ts";

/** What is known of the parent beside the envelope: the work in hand, and the header. */
export function nearOf({ traceparent }: About, given: SpanContext | undefined): readonly SpanContext[] {
  const header = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  if (given === undefined && header === undefined) return NONE;
  return [given, header].filter((context) => context !== undefined);
}

const NONE: readonly SpanContext[] = [];

interface Place {
  /** Of what has an id of its own to derive it from: what is sent, an input, and an answer. */
  readonly spanId: string | undefined;
  readonly parent: SpanContext | undefined;
  readonly links: Link[];
}

/** A parent is in the same trace; what came from another is a link. */
export function placeOf(operation: Operation, about: About, traceId: string, near: readonly SpanContext[]): Place {
  const isSent = operation === "publish" || operation === "call" || operation === "input";
  const isOrigin = isSent && about.isCopy !== true;
  // An answer has no span that sends it: what follows from it finds the one that handles it.
  const spanId = isOrigin || about.isAnswer === true ? spanIdOf(about.msgId) : undefined;
  const parent = near.find((context) => context.traceId === traceId) ?? derivedParent(about, isOrigin);
  const links: Link[] = near.filter((context) => context.traceId !== traceId).map((context) => ({ context }));
  for (const other of about.also ?? []) {
    const context = contextOf(other.correlationId, other.msgId);
    if (context !== undefined) links.push({ context });
  }
  return { spanId, parent, links };
}

/**
 * Of a message that is handled, the span that sent it. Of one that is sent, of an answer and of an input, that of its cause; where none is
 * named, such as for a timer, the beginning of the trace, whose id is the correlation id.
 */
function derivedParent(about: About, isOrigin: boolean): SpanContext | undefined {
  const { msgId, causationId, correlationId, isAnswer = false } = about;
  const from = isOrigin || isAnswer ? causationId || correlationId : msgId;
  // The beginning itself.
  if (isOrigin && from === msgId) return undefined;
  return contextOf(correlationId, from);
}

function contextOf(correlationId: string, msgId: string): SpanContext | undefined {
  const [traceId, spanId] = [traceIdOf(correlationId), spanIdOf(msgId)];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
}
