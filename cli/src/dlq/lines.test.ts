import type { DeadLetter } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { letterLine, queueJson, queueLine, wholeJson, wholeLines } from "./lines.ts";

const NOW = Date.parse("2026-01-01T00:03:00Z");
const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
  dlq: "orders.intent.v1.execution.dlq",
  offset: 7n,
  topic: "orders.intent.v1",
  group: "execution",
  code: "STALE",
  place: "pipeline",
  from: "3/21",
  key: "main",
  atMs: NOW - 60_000,
  ...more,
});
const queue = {
  dlq: "orders.intent.v1.execution.dlq",
  waiting: [letter(), letter({ offset: 9n, code: "MALFORMED", atMs: NOW - 1_000 }), letter({ offset: 11n })],
  redriven: [letter({ offset: 1n })],
  foreign: 2,
};

describe("a queue", () => {
  it("is a line: how many wait, since when, why, and what was put back", () => {
    expect(queueLine(queue, NOW)).toBe(
      "orders.intent.v1.execution.dlq   3 waiting, the oldest for 60 s   STALE 2, MALFORMED 1   1 put back   2 that nobody here wrote",
    );
    expect(queueLine({ ...queue, waiting: [], foreign: 0 }, NOW)).toBe(
      "orders.intent.v1.execution.dlq   none waiting   1 put back",
    );
  });

  it("is JSON without bigints", () => {
    expect(JSON.parse(JSON.stringify(queueJson(queue)))).toMatchObject({
      reasons: { STALE: 2, MALFORMED: 1 },
      waiting: [{ offset: 7, at: "2026-01-01T00:02:00.000Z" }, { offset: 9 }, { offset: 11 }],
      redriven: [{ offset: 1 }],
    });
  });
});

describe("a letter", () => {
  it("is a line that a terminal cannot be made to obey", () => {
    expect(letterLine(letter({ key: "ma\u001b[2Jin\n" }), NOW)).toBe(
      "offset 7   STALE at pipeline   key ma?[2Jin?   for 60 s   from 3/21",
    );
    expect(letterLine(letter({ place: undefined, from: undefined }), NOW)).toBe(
      "offset 7   STALE   key main   for 60 s",
    );
  });

  const whole = {
    letter: letter(),
    value: Buffer.from("no envelope"),
    headers: { "e\u001bvil": [Buffer.from("\u0007x")] },
  };

  it("that does not open is shown as bytes", () => {
    const lines = wholeLines(whole, { ok: false, code: "MALFORMED" }, NOW);
    expect(lines.slice(3)).toEqual([
      "  e?vil: ?x",
      "does not open: MALFORMED; 11 bytes, the first:",
      "6e6f20656e76656c6f7065",
    ]);
    expect(wholeLines(whole, undefined, NOW).at(-2)).toMatch(/^not opened: without a cluster's folder/);
    expect(wholeJson(whole, { ok: false, code: "MALFORMED" })).toMatchObject({
      offset: 7,
      value: "bm8gZW52ZWxvcGU=",
      opened: null,
    });
  });

  it("that opens is shown as it reads", () => {
    const reading = { ok: true, keyid: "k", json: '{\n  "type": "order.intent"\n}' } as const;
    expect(wholeLines(whole, reading, NOW).slice(4)).toEqual([
      "signature holds, key k",
      "{",
      '  "type": "order.intent"',
      "}",
    ]);
    expect(wholeJson(whole, reading).opened).toEqual({ keyid: "k", envelope: { type: "order.intent" } });
  });
});
