/**
 * P07 Authentic and allowed, on Kafka: what the doors refuse is in the topic's dead letter queue, byte for byte, and the next record is
 * acted on.
 */
import type { PipelineCode } from "@countersign/envelope";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { forgeries, good } from "../promises/support/p07-forgeries.ts";
import { actedOnce, Probe, refused } from "../promises/support/p07-probe.ts";
import { KafkaGround } from "./kafka-ground.ts";

let ground: KafkaGround;
let probe: Probe;
beforeAll(async () => {
  ground = await KafkaGround.open(inject("kafka"));
  probe = await Probe.open({ ground });
});
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]();
  expect(ground?.broken).toEqual([]);
});

/** What can be wrong with the bytes, and with how they were put on the bus; what a key may do is the same on every bus. */
const codes: readonly PipelineCode[] = [
  "MALFORMED",
  "SIGNATURE_COUNT",
  "BAD_SIGNATURE",
  "UNKNOWN_KEY",
  "WRONG_SENDER",
  "NOT_ALLOWED",
  "WRONG_PAYLOAD_TYPE",
  "UNKNOWN_TOPIC",
  "WRONG_TOPIC",
  "WRONG_RECORD_KEY",
  "WRONG_HEADER",
  "STALE",
  "FUTURE",
];

it.each(codes.map((code) => ({ code, ...forgeries[code] })))(
  "$what: $code by the pipeline, in the DLQ as it came, and the next one is acted on",
  async ({ code, make }) => {
    const delivery = make(probe);
    expect(await probe.deliver(delivery)).toEqual(refused(code, "pipeline", delivery.topic));
    expect(await probe.deliver(good(probe).delivery)).toEqual(actedOnce);
  },
);

it("a letter that is put back on its topic as it is, is refused as it was", async () => {
  const delivery = forgeries.BAD_SIGNATURE.make(probe);
  for (let n = 0; n < 2; n++)
    expect(await probe.deliver(delivery)).toEqual(refused("BAD_SIGNATURE", "pipeline", delivery.topic));
});
