/**
 * Whatever dies, and when: every accepted order ends in exactly one outcome, which is the venue's; every trade of the venue reaches the
 * core exactly once; no order is written twice. Judged by the venue's own record.
 */

import { type OrderAccepted, TimeInForce } from "@countersign/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { NetScene } from "../../../test/net-scene.ts";
import { cancelCommand } from "../../../test/world.ts";

const STEPS = 60;
/** Another one for a night: `SEED=7 npx vitest run agents/execution/src/edge/network/kills.test.ts`. */
const seeds = process.env.SEED === undefined ? [1, 2] : [Number(process.env.SEED)];

let scene: NetScene;
afterEach(() => scene.close());

/** Mulberry32: the same steps for the same seed. What the processes make of them is theirs. */
function chance(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

async function run(seed: number): Promise<void> {
  const below = chance(seed);
  const pause = () => new Promise((resolve) => setTimeout(resolve, below(40)));
  let orders = 0;
  const order = () => {
    const timeInForce = below(3) === 0 ? TimeInForce.IOC : TimeInForce.GTC;
    return [`k${++orders}`, { timeInForce, quantity: { units: BigInt(1 + below(200)), scale: 0 } }] as const;
  };
  const quote = () => scene.exchange.quote("AAPL", "189.70", below(3) === 0 ? "190.10" : "189.80", `${1 + below(100)}`);
  for (let step = 0; step < STEPS; step++) {
    await pause();
    // At each step the book is laid beside the venue's: whatever dies, that is no difference.
    scene.rig.execution.edge.tick();
    const dice = below(100);
    // Bad weather does not last.
    if (below(4) === 0) scene.proxy.weather = "pass";
    if (dice < 40) for (let n = below(3); n >= 0; n--) scene.submit(...order());
    else if (dice < 65) quote();
    else if (dice < 75) {
      scene.rig.decide(cancelCommand(`k${1 + below(Math.max(1, orders))}`));
      scene.rig.settle();
    } else if (dice < 80) scene.proxy.cut();
    else if (dice < 84) scene.proxy.weather = "lose-answers";
    else if (dice < 86) scene.proxy.weather = "lose-requests";
    else if (dice < 91) {
      scene.exchange.freeze();
      setTimeout((frozen) => frozen.thaw(), 100, scene.exchange);
    } else if (dice < 95) {
      // Accepted, committed, and gone before the write.
      if (below(2) === 0) scene.accept(...order());
      scene.restartExecution();
    } else {
      if (below(2) === 0) scene.submit(...order());
      await scene.restartExchange();
    }
    if (!scene.isReady && below(3) > 0) await scene.ready().catch(() => {});
  }
  // The storm is over: everything is asked for, and what still works is canceled.
  scene.proxy.weather = "pass";
  scene.restartExecution();
  await scene.until(() => scene.isReady, 20_000);
  for (let n = 1; n <= orders; n++) scene.rig.decide(cancelCommand(`k${n}`));
  scene.rig.settle();
  const { looks } = scene.rig.execution.reconciliation();
  await scene.until(() => Object.values(scene.rig.state.orders).every(({ endedMs }) => endedMs !== undefined), 20_000);
  await scene.until(() => {
    scene.rig.execution.edge.tick();
    return scene.rig.execution.reconciliation().looks > looks;
  });
}

const ENDS = /^(FILLED|CANCELED|EXPIRED|REJECTED|NOT_SENT)/;

describe("random kills of venue, adapter and network", () => {
  it.each(seeds)(
    "seed %i: one outcome for each order, each trade once, nothing written twice",
    async (seed) => {
      scene = await NetScene.open();
      await scene.ready();
      await run(seed);
      const { record } = scene;
      const placed = record.filter(({ execType }) => execType === "NEW").map(({ clOrdID }) => clOrdID);
      expect(placed).toEqual([...new Set(placed)]);
      expect(scene.fills.toSorted()).toEqual(scene.trades().toSorted());

      const accepted = scene.rig.said<OrderAccepted>("order.accepted").map(({ clientOrderId }) => clientOrderId ?? "");
      for (const id of accepted) {
        const ends = scene.outcomes(id).filter((outcome) => ENDS.test(outcome));
        expect([id, ends.length]).toEqual([id, 1]);
        const ofVenue = record.filter(({ clOrdID }) => clOrdID === id).at(-1)?.ordStatus ?? "NOT_SENT";
        const ours = ends[0]?.split(" ")[0];
        // The gate refuses, too; then the venue knows nothing.
        expect([id, ours === "REJECTED" && ofVenue === "NOT_SENT" ? "NOT_SENT" : ours]).toEqual([id, ofVenue]);
      }
      expect([scene.rig.state.closed, scene.rig.state.differing]).toEqual([[], undefined]);
      // Else it would hold of a venue that never trades.
      expect(Math.min(accepted.length, scene.fills.length)).toBeGreaterThan(3);
      console.log(
        `seed ${seed}: ${accepted.length} orders, ${placed.length} at the venue, ${scene.fills.length} trades`,
      );
    },
    120_000,
  );
});
