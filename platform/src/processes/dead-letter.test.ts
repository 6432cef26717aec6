import type { Delivered, Headers } from "@countersign/bus";
import { describe, expect, it } from "vitest";
import { letterOf, markedBy, markOf, originalOf } from "./dead-letter.ts";

const DLQ = "orders.intent.v1.execution.dlq";
const own = { ce_id: "1", "x-dlq-redriven": "3", "x-dlq-note": "the sender's" };
const why = { "x-dlq-original-topic": "orders.intent.v1", "x-dlq-error-code": "STALE" };

function headers(texts: Record<string, string>): Headers {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, [Buffer.from(text)]]));
}

function record(texts: Record<string, string>, topic = DLQ): Delivered {
  const bytes = { key: Buffer.from("main"), value: Buffer.from([0, 255, 1]) };
  return { topic, partition: 0, offset: 7n, timestampMs: 1_000, headers: headers(texts), ...bytes };
}

describe("a dead letter", () => {
  it("says where it belongs, who refused it and why", () => {
    const facts = { dlq: DLQ, offset: 7n, topic: "orders.intent.v1", group: "execution", code: "STALE", key: "main" };
    expect(letterOf(record({ ...own, ...why }))).toEqual({ ...facts, atMs: 1_000, place: undefined, from: undefined });
    const more = { "x-dlq-error-place": "pipeline", "x-dlq-original-partition": "2", "x-dlq-original-offset": "90" };
    expect(letterOf(record({ ...why, ...more }))).toMatchObject({ place: "pipeline", from: "2/90" });
  });

  it("goes back with what it came with, and nothing of ours", () => {
    const full = record({ ...own, ...why, "x-dlq-error-place": "inbox", "x-dlq-original-offset": "1" });
    const { value, key } = full;
    expect(originalOf(full, letterOf(full)!)).toEqual({ topic: "orders.intent.v1", key, value, headers: headers(own) });
  });

  it.each([
    ["without a reason", { "x-dlq-original-topic": "orders.intent.v1" }],
    ["that would go back elsewhere than its queue belongs to", { ...why, "x-dlq-original-topic": "ledger.entries.v1" }],
    ["without a topic", { "x-dlq-error-code": "STALE" }],
  ])("is none %s", (_, texts) => {
    expect(letterOf(record(texts as Record<string, string>))).toBe(undefined);
  });
});

describe("the mark of a letter that was put back", () => {
  it("names it, and is no letter", () => {
    const mark = { ...record({}), ...markOf(letterOf(record({ ...own, ...why }))!), offset: 8n };
    expect([mark.topic, markedBy(mark), letterOf(mark)]).toEqual([DLQ, 7n, undefined]);
  });

  it("is no refused record that came with such a header", () => {
    expect(markedBy(record({ ...own, ...why }))).toBe(undefined);
    expect(markedBy(record({ "x-dlq-redriven": "-1" }))).toBe(undefined);
  });
});
