/**
 * One short seed of the crash test, and the drills: everything real, everything killed by its id. Longer: `npm run crash`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { RunningCluster } from "@countersign/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check, plants } from "./checks.ts";
import { type Evidence, gather } from "./evidence.ts";
import { tradeThrough, trial } from "./trial.ts";

const SEED = String(process.env.SEED ?? Date.now() % 2 ** 31);
const BROKERS_AWAY_MS = 30_000;
/** Generous: on a busy machine thirteen processes come back slowly. */
const ORDERS_MAX_WAIT_MS = 240_000;

let dir: string;
const say = (text: string) => console.log(text);
const options = () => ({ dir, seed: SEED, speed: 60, hedge: "EURUSD", say });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-crash-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

// It ends servers, which it may not do to those that are given by address.
const ownsEngines = ["ETCD", "KAFKA", "POSTGRES", "REDIS"].every(
  (name) => process.env[`COUNTERSIGN_${name}`] === undefined,
);

describe.runIf(ownsEngines)("a day of kills", () => {
  it(`loses nothing, books nothing twice, and every fault would be found (seed ${SEED})`, async () => {
    const { evidence, happened: kills } = await trial({ ...options(), minutes: 0.5 });
    expect(check(evidence)).toEqual([]);
    expect(kills).toBeGreaterThan(5);
    expect(evidence.committed.length).toBeGreaterThan(10);
    expect(evidence.decisions).toBeGreaterThan(100);
    // What nothing happened to cannot be planted with a fault.
    if (evidence.booked.length > 0)
      for (const [plant, [name, spoil]] of Object.entries(plants))
        expect(
          check(spoil(evidence) as Evidence).map((finding) => finding.check),
          plant,
        ).toContain(name);
  }, 300_000);
});

describe.runIf(ownsEngines)("all brokers down for half a minute, and back", () => {
  it("no fill is lost and none expires, and trading goes on", async () => {
    const { evidence, happened } = await tradeThrough(options(), async (cluster, folder) => {
      await ordersReach(3, cluster, folder);
      const nodes = cluster.kafka.brokers.map((_, index) => cluster.kafka.node(index));
      await Promise.all(nodes.map((node) => node.kill()));
      await wait(BROKERS_AWAY_MS);
      const before = await ordersOf(cluster, folder);
      await Promise.all(nodes.map((node) => node.start()));
      await ordersReach(before + 3, cluster, folder);
      return before;
    });
    expect(check(evidence)).toEqual([]);
    expect(evidence.accepted.length).toBeGreaterThanOrEqual(happened + 3);
    expect(evidence.booked.length).toBeGreaterThan(0);
  }, 900_000);
});

async function ordersReach(count: number, cluster: RunningCluster, folder: string): Promise<void> {
  const until = performance.now() + ORDERS_MAX_WAIT_MS;
  while ((await ordersOf(cluster, folder)) < count) {
    if (performance.now() > until) throw new Error(`there are not ${count} orders after ${ORDERS_MAX_WAIT_MS} ms`);
    await wait(1_000);
  }
}

async function ordersOf(cluster: RunningCluster, folder: string): Promise<number> {
  return (await gather(folder, cluster, { brokers: false })).accepted.length;
}
