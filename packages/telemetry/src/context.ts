/**
 * Where a message stands in a trace follows from its envelope, which is signed: its correlation id is the trace, and its own id is the
 * span in which it was sent. So a trace is one across processes, restarts and brokers without a header, and whoever reads a
 * correlation id in a log or on a screen can look the trace up.
 *
 * Both are UUIDv7 (RFC 9562). The 16 bytes of the one are the trace id; the last 8 of the other, 62 of whose bits are random, are the
 * span id. The rightmost 7 bytes of such a trace id are random, as W3C Trace Context asks.
 */
import { isSpanContextValid, type SpanContext, TraceFlags } from "@opentelemetry/api";

/** 32 hex digits; undefined for what is no UUID. */
export function traceIdOf(correlationId: string): string | undefined {
  return UUID.test(correlationId) ? correlationId.replaceAll("-", "") : undefined;
}

/** The span in which the message was sent: 16 hex digits; undefined for what is no UUID. */
export function spanIdOf(msgId: string): string | undefined {
  return UUID.test(msgId) ? msgId.slice(19, 23) + msgId.slice(24) : undefined;
}

/** The W3C header of a span; undefined where there is no span. Source: W3C Trace Context, §3.2. */
export function traceparentOf(context: SpanContext): string | undefined {
  if (!isSpanContextValid(context)) return undefined;
  const flags = (context.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, "0");
  return `00-${context.traceId}-${context.spanId}-${flags}`;
}

/**
 * Undefined for what is none, as the specification asks: a wrong header is ignored. Of a later version the first four fields count
 * (§3.2.4). The header is not signed: it may name a parent, but never move a message into another trace.
 */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", rest] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
