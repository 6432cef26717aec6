import { INVALID_SPAN_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { parseTraceparent, spanIdOf, traceIdOf, traceparentOf } from "./context.ts";

const UUID = "018bcfe5-6800-7b00-8b00-0123456789ab";

describe("what follows from an envelope", () => {
  it("is a trace from its correlation id and a span from its own id", () => {
    expect(traceIdOf(UUID)).toBe("018bcfe568007b008b000123456789ab");
    expect(spanIdOf(UUID)).toBe("8b000123456789ab");
  });

  it.each(["", "018bcfe568007b008b000123456789ab", "018BCFE5-6800-7B00-8B00-0123456789AB", `${UUID}0`, "tick:1"])(
    "is nothing for %j",
    (text) => expect([traceIdOf(text), spanIdOf(text)]).toEqual([undefined, undefined]),
  );
});

describe("traceparent", () => {
  // The example of W3C Trace Context §3.2.3.
  const header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const context = {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    traceFlags: 1,
    isRemote: true,
  };

  it("is read and written as the specification's example", () => {
    expect(parseTraceparent(header)).toEqual(context);
    expect(traceparentOf(context)).toBe(header);
    expect(traceparentOf({ ...context, traceFlags: 0 })).toBe(header.replace(/01$/, "00"));
  });

  it("of a later version is read by its first four fields, and of unknown flags only the sampled one", () => {
    expect(parseTraceparent(header.replace(/^00/, "cc"))).toEqual(context);
    expect(parseTraceparent(`${header.replace(/^00/, "cc")}-what-comes`)).toEqual(context);
    expect(parseTraceparent(header.replace(/01$/, "fe"))?.traceFlags).toBe(0);
  });

  it.each([
    ["", "empty"],
    [header.replace(/^00/, "ff"), "version ff"],
    [`${header}-more`, "more than version 00 has"],
    [header.toUpperCase(), "upper case"],
    [header.replace(/[0-9a-f]{32}/, "0".repeat(32)), "trace zero"],
    [header.replace("00f067aa0ba902b7", "0".repeat(16)), "span zero"],
    [header.slice(0, -1), "cut off"],
    [` ${header}`, "a blank before it"],
  ])("%j is none: %s", (text) => expect(parseTraceparent(text)).toBeUndefined());

  it("is not written of a span that is none", () => {
    expect(traceparentOf(INVALID_SPAN_CONTEXT)).toBeUndefined();
  });
});
