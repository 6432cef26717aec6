import { type Bus, BusError, type OutRecord } from "@countersign/bus";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "./memory/store.ts";
import { Relay } from "./relay.ts";
import { emptyCommit, type OutboxRow } from "./store.ts";

function rowOf(msgId: string, seq: number): OutboxRow {
  return {
    msgId,
    kind: "publish",
    topic: "t",
    key: "k",
    seq: BigInt(seq),
    bytes: Buffer.from(msgId),
    callId: undefined,
  };
}

const away = new BusError("unknown-outcome", "TIMEOUT", "no answer");

/** A bus that can be away; what it takes is kept. */
function world() {
  const store = new MemoryStore();
  const taken: string[] = [];
  let seq = 0;
  const bus = {
    isAway: false,
    says: away,
    calls: 0,
    async publish(records: readonly OutRecord[]) {
      bus.calls++;
      if (bus.isAway) throw bus.says;
      taken.push(...records.map(({ value }) => Buffer.from(value).toString()));
      return [];
    },
  };
  const broken: unknown[] = [];
  const open = () =>
    new Relay({
      store,
      bus: bus as unknown as Bus,
      recordOf: ({ topic, key, bytes }) => ({ topic, key: Buffer.from(key), value: bytes, headers: {} }),
      onBroken: (error) => void broken.push(error),
    });
  const commit = async (relay: Relay | undefined, ...msgIds: string[]) => {
    const outbox = msgIds.map((msgId) => rowOf(msgId, ++seq));
    await store.commit({ ...emptyCommit, outbox });
    relay?.push(outbox);
  };
  const left = async () => (await store.unpublished("publish")).map(({ msgId }) => msgId);
  return { bus, taken, broken, open, commit, left };
}

describe("Relay", () => {
  it("publishes what was committed, in its order, and marks it", async () => {
    const { taken, open, commit, left } = world();
    const relay = open();
    for (const one of ["a", "b", "c"]) await commit(relay, one);
    await relay.close(1_000);
    expect(taken).toEqual(["a", "b", "c"]);
    expect(await left()).toEqual([]);
  });

  it.each([
    ["a bus does not take that is away", away],
    // A cluster's topics are made while its processes start.
    [
      "a bus does not take that has no such topic yet",
      new BusError("fatal", "UNKNOWN_TOPIC", "topic t does not exist"),
    ],
  ])("keeps what %s, and brings it in the same order when it is back", async (_, says) => {
    const { bus, taken, open, commit, left } = world();
    const relay = open();
    Object.assign(bus, { isAway: true, says });
    for (const one of ["a", "b"]) await commit(relay, one);
    await expect.poll(() => bus.calls).toBeGreaterThan(2);
    expect([taken, relay.ageSeconds > 0]).toEqual([[], true]);
    bus.isAway = false;
    await commit(relay, "c");
    await expect.poll(() => taken).toEqual(["a", "b", "c"]);
    await relay.close(1_000);
    expect(await left()).toEqual([]);
    expect(relay.ageSeconds).toBe(0);
  });

  it("goes on behind a row that it has read from the table before it is told of it", async () => {
    const { taken, open, commit, left } = world();
    const relay = open();
    await commit(undefined, "read");
    relay.doubt();
    await expect.poll(left).toEqual([]);
    relay.push([rowOf("read", 1)]);
    await commit(relay, "next");
    await expect.poll(() => taken).toEqual(["read", "next"]);
    await relay.close(1_000);
    expect(await left()).toEqual([]);
  });

  it("publishes what an earlier life left, and what a commit wrote whose answer was lost, before what comes later", async () => {
    const { taken, open, commit, left } = world();
    await commit(undefined, "earlier", "lost");
    const relay = open();
    relay.doubt();
    await commit(relay, "later");
    await expect.poll(() => taken).toEqual(["earlier", "lost", "later"]);
    await relay.close(1_000);
    expect(await left()).toEqual([]);
  });

  it("what is not on the bus when the time to drain is over stays in the outbox", async () => {
    const { bus, open, commit, left } = world();
    const relay = open();
    bus.isAway = true;
    await commit(relay, "a");
    await relay.close(50);
    expect(await left()).toEqual(["a"]);
  });

  it("makes who writes wait while too much waits", async () => {
    const { bus, open, commit } = world();
    const relay = open();
    bus.isAway = true;
    await commit(relay, ...Array.from({ length: 2_000 }, (_, n) => `${n}`));
    let hasRoom = false;
    const waiting = relay.room().then(() => {
      hasRoom = true;
    });
    await expect.poll(() => bus.calls).toBeGreaterThan(1);
    expect(hasRoom).toBe(false);
    bus.isAway = false;
    await waiting;
    await relay.close(1_000);
  });
});
