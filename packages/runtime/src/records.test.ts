import { create } from "@bufbuild/protobuf";
import { type Quote, QuoteSchema } from "@countersign/contracts";
import { PostgresError } from "@countersign/postgres";
import { expect, it } from "vitest";
import type { Agent } from "./agent.ts";
import { MemoryStore } from "./memory/store.ts";
import type { Commit } from "./store.ts";
import { canvasOf, Rig } from "./testing.ts";
import { WallLoop } from "./wall-loop.ts";

const QUOTES = "market.quotes.v1";

/** Writes down the quotes that it is shown, in the order in which it decides upon them. */
const clerk: Agent<{ readonly seen: readonly string[] }, object> = {
  canvas: canvasOf("clerk", { observes: [{ topic: QUOTES, as: "every" }] }),
  keyOf: () => "all",
  initial: () => ({ seen: [] }),
  decide: ({ seen }, input) => ({
    state: { seen: [...seen, input.kind === "market" ? String(input.data) : "?"] },
    effects: [],
  }),
  view: {
    create: () => ({}),
    fold: (_, { value }) => ({ name: "quote", data: String((value as Quote).bidUnits) }),
    snapshot: () => null,
    restore: () => ({}),
  },
};

it("what the market leads to is decided in its order, also when the store was away for the first of it", async () => {
  const rig = await Rig.open();
  rig.grant("friend", `market.quote ${QUOTES}`);
  const store = new MemoryStore();
  const commit = store.commit.bind(store);
  let away = true;
  store.commit = async (one: Commit) => {
    if (away) throw new PostgresError("CONNECTION_LOST", "away");
    return commit(one);
  };
  const broken: unknown[] = [];
  const onBroken = (error: unknown) => void broken.push(error);
  const loop = new WallLoop({ onBroken, now: () => rig.scheduler.nowMs() });
  const host = await rig.host(clerk, { store, fold: "together", resumes: true, loop, onBroken });
  const all = Array.from({ length: 9 }, (_, n) => `${n + 1}`);
  for (const [n, bid] of all.entries()) {
    const payload = create(QuoteSchema, { symbol: "A", bidUnits: BigInt(bid) });
    await rig.say({ sender: "friend", topic: QUOTES, key: "A", type: "market.quote", payload });
    // Back while some are being tried again and others have yet to come.
    if (n === 5) away = false;
  }
  await expect.poll(async () => (await store.load("all")).state, { timeout: 5_000 }).toEqual({ seen: all });
  await host.close();
  expect(broken).toEqual([]);
});
