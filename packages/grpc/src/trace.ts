/** The trace context that rides beside a call (W3C Trace Context, level 1). */
import type { Metadata } from "@grpc/grpc-js";

const HEADER = "traceparent";
const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A context of another form is left out, as the standard asks: no call fails for its trace. */
export function writeTrace(metadata: Metadata, traceparent: string | undefined): void {
  if (traceparent !== undefined && FORM.test(traceparent)) metadata.set(HEADER, traceparent);
}

export function readTrace(metadata: Metadata): string | undefined {
  const [value, ...more] = metadata.get(HEADER);
  return typeof value === "string" && more.length === 0 && FORM.test(value) ? value : undefined;
}
