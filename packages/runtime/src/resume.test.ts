import { create } from "@bufbuild/protobuf";
import type { Delivered } from "@countersign/bus";
import { HeartbeatSchema, QuoteSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { type Agent, noView, type Trigger } from "./agent.ts";
import { FoldedView } from "./folded-view.ts";
import { MemoryStore } from "./memory/store.ts";
import { Positions } from "./positions.ts";
import { canvasOf, Rig } from "./testing.ts";

/** What a view has folded, and in how many lives. */
interface Folded {
  seqs: bigint[];
}

function reader(
  lives: bigint[][],
  trigger: (seq: bigint) => Trigger | undefined = () => undefined,
): Agent<number, Folded> {
  const folded: bigint[] = [];
  lives.push(folded);
  return {
    canvas: canvasOf("reader", {
      observes: [{ topic: "market.quotes.v1", as: "every" }],
    }),
    keyOf: (input) => (input.kind === "market" ? "all" : undefined),
    initial: () => 0,
    decide: (state) => ({ state: state + 1, effects: [] }),
    view: {
      ...noView,
      create: () => ({ seqs: [] }),
      fold(view, { ref: { seq } }) {
        folded.push(seq);
        view.seqs.push(seq);
        return trigger(seq);
      },
      snapshot: ({ seqs }) => seqs.length,
      restore: (length) => ({ seqs: Array.from({ length: Number(length) }, () => 0n) }),
    },
  };
}

/** Quotes of one market, numbered. */
function market(rig: Rig) {
  rig.grant("friend", "market.quote market.quotes.v1");
  const payload = create(QuoteSchema, { symbol: "A" });
  return async (count: number) => {
    for (let n = 0; n < count; n++) {
      const say = { sender: "friend", topic: "market.quotes.v1", key: "A", type: "market.quote", payload };
      await rig.deliver("market.quotes.v1", "A", rig.sealed(say).bytes);
    }
  };
}

describe("a view after a restart", () => {
  it("goes on at its snapshot, and misses nothing", async () => {
    const [rig, store, lives] = [await Rig.open(), new MemoryStore(), [] as bigint[][]];
    const quotes = market(rig);
    const first = await rig.host(reader(lives), { store, fold: "together", resumes: true });
    await quotes(5_200);
    await first.tick();
    await quotes(100);
    await first.close();
    await quotes(50);
    const second = await rig.host(reader(lives), { store, fold: "together", resumes: true });
    await rig.run();
    expect([lives[0]?.length, lives[1]?.length]).toEqual([5_300, 150]);
    expect([lives[1]?.[0], lives[1]?.at(-1)]).toEqual([5_201n, 5_350n]);
    // The record at which the snapshot was comes again, as the proof that this is the log.
    expect(second.counts.deliveries).toBe(151);
    await second.close();
  });

  it("reads everything again where there is no snapshot, and where the bus does not outlive the process", async () => {
    for (const resumes of [true, false]) {
      const [rig, store, lives] = [await Rig.open(), new MemoryStore(), [] as bigint[][]];
      const quotes = market(rig);
      const first = await rig.host(reader(lives), { store, fold: "together", resumes });
      await quotes(100);
      await first.tick();
      await first.close();
      const second = await rig.host(reader(lives), { store, fold: "together", resumes });
      await rig.run();
      expect(lives.map(({ length }) => length)).toEqual([100, 100]);
      await second.close();
    }
  });
});

describe("what only its newest counts of", () => {
  it("is read from now on by a process that resumes: a day has a million heartbeats", async () => {
    const beats = async (resumes: boolean) => {
      const rig = await Rig.open();
      rig.grant("friend", "agent.heartbeat agents.heartbeat.v1");
      const { canvas, ...rest } = reader([]);
      const agent = {
        ...rest,
        canvas: { ...canvas, observes: [{ topic: "agents.heartbeat.v1", as: "every" as const }] },
      };
      const payload = create(HeartbeatSchema, { agent: "friend", ready: true });
      const say = { sender: "friend", topic: "agents.heartbeat.v1", key: "friend", type: "agent.heartbeat", payload };
      for (let n = 0; n < 5; n++) await rig.say(say);
      const host = await rig.host(agent, { fold: "together", resumes });
      await rig.run();
      await rig.say(say);
      return host.counts.deliveries;
    };
    expect([await beats(true), await beats(false)]).toEqual([1, 6]);
  });
});

describe("a snapshot", () => {
  const at = (offset: bigint) => ({ topic: "market.quotes.v1", partition: 0, offset }) as Delivered;

  it("is not taken while something that was read is undecided, unless its own commit decides that", () => {
    const view = new FoldedView(reader([]).view, new Positions());
    for (let n = 0n; n < 5_000n; n++) {
      view.passed(at(n));
      view.fold({
        type: "market.quote",
        value: create(QuoteSchema),
        ref: { msgId: "", seq: n, digest: new Uint8Array() },
      });
    }
    const [one, other] = [{}, {}];
    view.undecided(one);
    view.undecided(other);
    expect(view.snapshotIfDue()).toBeUndefined();
    expect(view.snapshotIfDue([one])).toBeUndefined();
    expect(view.snapshotIfDue([one, other])).toBeDefined();
    view.settle(one);
    view.settle(other);
    const row = view.snapshotIfDue();
    expect(new FoldedView(reader([]).view, new Positions()).restore(row)).toEqual([at(4_999n)]);
    view.written();
    expect(view.snapshotIfDue()).toBeUndefined();
  });
});
