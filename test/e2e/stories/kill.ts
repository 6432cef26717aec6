/** Pods die without a word: somebody else goes on, or they come back and nothing is lost. */
import { isReady, until } from "../kube.ts";
import { seconds } from "../report.ts";
import type { World } from "../world.ts";
import { nextBooked } from "./order.ts";

const BACK_MS = 180_000;

export async function kill(world: World): Promise<void> {
  for (const [component, what] of VICTIMS) {
    await world.report.step(
      `${component} is killed: ${what}`,
      () => killOne(world, component),
      ({ backMs, tradedMs }) =>
        `ready again after ${seconds(backMs)}, an order from market to ledger after ${seconds(tradedMs)}`,
    );
  }
}

const VICTIMS = [
  ["policy", "no permit without it, then permits again"],
  ["validator-2", "two of three go on"],
  ["execution", "it knows what it has sent"],
] as const;

async function killOne(world: World, component: string): Promise<{ backMs: number; tradedMs: number }> {
  const { kube, report } = world;
  const victims = await kube.pods(component);
  const [begun, killedMs] = [performance.now(), Date.now()];
  // At once, and without being asked to finish.
  const names = victims.map(({ metadata }) => metadata.name);
  await kube.must("delete", "pod", ...names, "--grace-period=0", "--force", "--wait=false");
  const backMs = await until(`${component} is ready again`, BACK_MS, async () => {
    const pods = await kube.pods(component);
    const isNew = pods.every(({ metadata }) => victims.every((victim) => victim.metadata.uid !== metadata.uid));
    return pods.length > 0 && isNew && pods.every(isReady) ? performance.now() - begun : undefined;
  });
  const { acceptedMs } = await nextBooked(world, killedMs);
  report.figure(`${component} killed: ready again`, seconds(backMs));
  return { backMs, tradedMs: acceptedMs - killedMs };
}
