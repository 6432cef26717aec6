import { Metadata } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { openPair, VALIDATE } from "../test/pair.ts";
import { readTrace, writeTrace } from "./trace.ts";

const SOUND = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

it("the caller's trace context reaches the handler; without one there is none", async () => {
  await using pair = await openPair();
  const seen: (string | undefined)[] = [];
  pair.server.serve(VALIDATE, "policy", async (request, { traceparent }) => {
    seen.push(traceparent);
    return request;
  });
  for (const traceparent of [SOUND, undefined, "not a trace", `${SOUND}\n`]) {
    await pair.client.call(VALIDATE, "policy", Uint8Array.of(1), { deadlineMs: 5_000, traceparent });
  }
  expect(seen).toEqual([SOUND, undefined, undefined, undefined]);
});

it.each([
  "",
  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
  "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  SOUND.toUpperCase(),
  `${SOUND}-00`,
])("'%s' is no trace context, in either direction", (value) => {
  const written = new Metadata();
  writeTrace(written, value);
  expect(written.get("traceparent")).toEqual([]);
  const received = new Metadata();
  received.set("traceparent", value);
  expect(readTrace(received)).toBeUndefined();
});

it("two contexts are none", () => {
  const received = new Metadata();
  received.add("traceparent", SOUND);
  received.add("traceparent", SOUND);
  expect(readTrace(received)).toBeUndefined();
});
