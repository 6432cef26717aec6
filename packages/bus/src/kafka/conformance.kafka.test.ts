import { describe, expect, inject, it } from "vitest";
import { busConformance } from "../conformance.ts";
import { kafkaRig } from "./testing.ts";

describe.concurrent("KafkaBus keeps the port's rules", () => {
  busConformance(async () => kafkaRig(inject("kafka")), {
    it,
    equal: (actual, expected) => expect(actual).toEqual(expected),
  });
});
