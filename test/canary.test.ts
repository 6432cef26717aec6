/**
 * A canary of Signal beside the one that trades, over the demo's market: the same version agrees in every word, another one is found out,
 * and nobody hears a word of it.
 */
import { Sealer } from "@countersign/agent-market";
import { makeSignal } from "@countersign/agent-signal";
import { Mode } from "@countersign/contracts";
import type { MarketOptions } from "@countersign/platform";
import { type Agent, noView } from "@countersign/runtime";
import { canvasOf, Rig } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { Agreement } from "../platform/src/agreement.ts";
import { startCanary } from "../platform/src/canary.ts";
import { marketOptions } from "./support/day.ts";

const RIGHTS = ["market.quote market.quotes.v1", "market.bar market.bars.v1", "market.trade market.trades.v1"];
const SAYS = ["market.signal signals.market.v1", "decision.made audit.records.v1", "decision.refused audit.records.v1"];
const SIGNALS = "signals.market.v1";

type Strategies = MarketOptions["strategies"];

/** Half a year of daily bars and what came before them, with a canary that has these strategies; undefined: with none. */
async function beside(alter: ((strategies: Strategies) => Strategies) | undefined) {
  const day = await marketOptions({ from: "2015-06-01", to: "2015-12-31" });
  const { events, instruments, traded: symbols, strategies } = day;
  let rig: Rig | undefined;
  let said: Awaited<ReturnType<Rig["tap"]>> = [];
  let records = said;
  let canary: Awaited<ReturnType<typeof startCanary>> | undefined;
  const agreement = new Agreement(() => rig!.scheduler.nowMs());
  const sealer = new Sealer(deputy.signer("market"), instruments);
  for await (const batch of events)
    for (const event of batch) {
      if (rig === undefined) {
        rig = await Rig.open(event.timeMs);
        rig.grant("market", ...RIGHTS);
        rig.grant("signal", ...SAYS);
        said = await rig.tap(SIGNALS);
        records = await rig.tap("audit.records.v1");
        await rig.host(makeSignal({ symbols, strategies }));
        const { keys, bus, scheduler: loop, fence } = rig;
        const around = { keys, bus, loop, mode: Mode.REPLAY, fence: { state: () => fence, onChange: () => {} } };
        const agent = alter && makeSignal({ symbols, strategies: alter(strategies) });
        canary =
          agent && (await startCanary({ ...around, agent: agent as unknown as Agent<unknown, unknown>, agreement }));
      }
      const [release] = sealer.seal([event]);
      const { topic, key, bytes } = release!;
      await rig.run(() => {}, event.timeMs);
      await rig.deliver(topic, key, bytes);
    }
  if (rig === undefined) throw new Error("the market is empty");
  await rig.run(() => {}, rig.scheduler.nowMs() + 60_000);
  await canary?.close();
  return {
    counts: agreement.counts,
    said: said.map(({ value }) => Buffer.from(value).toString("hex")),
    records: records.length,
  };
}

/** Has the rigs' keys before there is one. */
const deputy = new Rig();

describe("a canary of Signal", () => {
  it("agrees in every word when it is the same version, and nobody hears a word of it", async () => {
    const alone = await beside(undefined);
    const watched = await beside((strategies) => strategies);
    expect(alone.said.length).toBeGreaterThan(20);
    expect(watched.counts).toEqual({ same: alone.said.length, differs: 0, missing: 0, extra: 0 });
    expect([watched.said, watched.records]).toEqual([alone.said, alone.records]);
  });

  it("is found out when it thinks otherwise", async () => {
    const { counts, said } = await beside((strategies) => strategies.slice(0, 1));
    const { same, differs, missing } = counts;
    expect(same + differs + missing).toBe(said.length);
    expect(same / said.length).toBeLessThan(0.9);
  });
});

it("refuses an agent that asks somebody, or shares its work: its words do not follow from the market alone", async () => {
  const rig = await Rig.open();
  const around = {
    keys: rig.keys,
    bus: rig.bus,
    loop: rig.scheduler,
    mode: Mode.REPLAY,
    agreement: new Agreement(() => 0),
  };
  const fence = { state: () => rig.fence, onChange: () => {} };
  const agentOf = (asks: Parameters<typeof canvasOf>[1]): Agent<unknown, unknown> => ({
    canvas: canvasOf("clerk", asks),
    keyOf: () => undefined,
    initial: () => undefined,
    decide: (state) => ({ state, effects: [] }),
    view: noView,
  });
  for (const asks of [
    { calls: ["PolicyService.Validate"] },
    { observes: [{ topic: "risk.policy.v1", as: "group" as const }] },
  ])
    await expect(startCanary({ ...around, fence, agent: agentOf(asks) })).rejects.toThrow("clerk");
});
