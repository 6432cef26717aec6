import { create } from "@bufbuild/protobuf";
import { SignalSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "./memory/store.ts";
import { Teller } from "./teller.ts";
import { Rig } from "./testing.ts";

const TOPIC = "signals.market.v1";

async function open(nowMs: () => number, store = new MemoryStore()) {
  const rig = await Rig.open(Date.now());
  rig.grant("signal", `market.signal ${TOPIC}`);
  const { keys, bus } = rig;
  const teller = new Teller({ sender: "signal", signer: rig.signer("signal"), keys, store, bus, nowMs });
  await teller.load();
  const say = (symbol: string, idempotencyKey?: string) =>
    teller.say({
      kind: "publish",
      topic: TOPIC,
      key: symbol,
      type: "market.signal",
      payload: create(SignalSchema, { symbol }),
      intent: "TEST",
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  const seqs = async () => (await store.chains()).map(({ key, seq }) => [key, seq]);
  return { say, seqs };
}

describe("Teller", () => {
  it("says the same kind of thing as often as it is told, also within one millisecond", async () => {
    const { say, seqs } = await open(Date.now);
    await Promise.all(Array.from({ length: 30 }, (_, n) => say(n % 2 === 0 ? "A" : "B")));
    expect(await seqs()).toEqual([
      ["A", 15n],
      ["B", 15n],
    ]);
  });

  it("is not the only one of its sender, and all get their word into one chain", async () => {
    const store = new MemoryStore();
    const replicas = await Promise.all(Array.from({ length: 16 }, () => open(Date.now, store)));
    await Promise.all(Array.from({ length: 160 }, (_, n) => replicas[n % 16]!.say("A", `${n}`)));
    expect(await replicas[0]!.seqs()).toEqual([["A", 160n]]);
  });

  it("says nothing twice under one idempotency key", async () => {
    const { say, seqs } = await open(Date.now);
    for (const key of ["one", "one", "two"]) await say("A", key);
    expect(await seqs()).toEqual([["A", 2n]]);
  });

  it("gives up where time stands still", async () => {
    const { say } = await open(() => 1_000);
    await say("A");
    await expect(say("A")).rejects.toMatchObject({ code: "STORE_CONTENDED" });
  });
});
