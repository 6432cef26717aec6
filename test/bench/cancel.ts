/**
 * From a person's halt of level 2 to the last working order that the venue has cancelled. The orders rest too far from the market to trade; who
 * sits in Portfolio's place has put them there, with Policy's permits.
 */
import { setTimeout as wait } from "node:timers/promises";
import { TimeInForce } from "@countersign/contracts";
import { Desk, HALT_SERVERS } from "@countersign/platform";
import { Ground } from "../bypass/ground.ts";
import { wanted } from "../bypass/orders.ts";
import { Thief } from "../bypass/thief.ts";
import { quantile } from "../support/quantile.ts";
import { workingAtVenue } from "../support/venue-orders.ts";

const PATIENCE_MS = 60_000;
const POLL_MS = 20;

export async function benchCancel(orders: number, rounds: number): Promise<void> {
  await using ground = await Ground.open(() => {});
  await using proposer = await Thief.open(ground.folder);
  await using desk = new Desk(ground.folder);
  await desk.readWhole();
  const tookMs: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await place(proposer, orders);
    const saidMs = Date.now();
    await desk.person.halt(2, "all", "a measurement", HALT_SERVERS);
    await until(() => workingAtVenue(ground.folder).working === 0);
    tookMs.push(Math.max(...workingAtVenue(ground.folder).canceledMs) - saidMs);
    // The validators go on proposing a halt until it is in the log.
    await desk.readUntil(() => desk.fence.state().halts.length > 0, PATIENCE_MS);
    await ground.resume(proposer);
  }
  const ms = (p: number) => `${quantile(tookMs, p).toFixed(0)} ms`;
  console.log(
    `\nlevel 2, ${orders} working orders, ${rounds} halts: the last is cancelled after p50 ${ms(0.5)}, p99 ${ms(0.99)}`,
  );
}

/** Until the venue works on all of them. */
async function place(proposer: Thief, orders: number): Promise<void> {
  for (let n = 0; n < orders; n++) {
    const { intent } = wanted(proposer, { timeInForce: TimeInForce.GTC });
    await proposer.sendOnly(await proposer.permitted(intent));
  }
  await until(() => workingAtVenue(proposer.dir).working === orders);
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isSo(); await wait(POLL_MS))
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS / 1_000} s`);
}
