/**
 * From a person's halt to the last order that the venue takes, while orders come at a rate: with everything up, with all brokers down, and
 * with the leader of etcd killed the moment before. Both times are of one machine's clock: the halt's first byte, the venue's record. Then the same
 * of level 2, to the last working order that the venue has cancelled.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Desk, HALT_SERVERS, type RunningCluster } from "@countersign/platform";
import { etcdMembers } from "@countersign/quorum";
import { quantile } from "../support/quantile.ts";
import { ordersAtVenue, orderTimesAtVenue } from "../support/venue-orders.ts";
import { benchCancel } from "./cancel.ts";
import { folderIn, startUnderLoad } from "./latency.ts";

/** Working orders that a halt of level 2 cancels. */
const WORKING = 20;
/** After a halt, in which not one order may leave. */
const QUIET_MS = 4_000;
const TRADES_ON_MS = 60_000;
/** A round with its resumption takes less. */
const ROUND_S = 30;

interface Condition {
  readonly name: string;
  /** Of the rounds that were asked for: a server is slow to come back. */
  readonly share: number;
  /** Breaks something; returns how to mend it. */
  break(cluster: RunningCluster): Promise<() => Promise<void>>;
}

const conditions: readonly Condition[] = [
  { name: "all up", share: 1, break: async () => async () => {} },
  { name: "bus down", share: 0.25, break: ({ kafka }) => killAll(kafka.brokers.map((_, n) => kafka.node(n))) },
  { name: "etcd leader just killed", share: 0.25, break: killLeader },
];

/** @param rates orders a second that are wanted @param rounds halts of each rate */
export async function benchHalt(rates: readonly number[], rounds: number): Promise<void> {
  console.log(
    "orders/s  with                      halts   latched: p50    p99   last order after: p50    p99    max   orders later",
  );
  for (const ordersPerSecond of rates) {
    const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
    try {
      const seconds = rounds * ROUND_S * 2;
      await using cluster = await startUnderLoad({ dir, ordersPerSecond, seconds, say: () => {} });
      await tradesOn(folderIn(dir));
      for (const { name, share, break: breakIt } of conditions) {
        const halts: Halted[] = [];
        for (let n = 0; n < Math.max(1, rounds * share); n++) {
          const mend = await breakIt(cluster);
          halts.push(await haltOnce(folderIn(dir)));
          await mend();
          await resume(folderIn(dir));
        }
        console.log(lineOf(ordersPerSecond, name, halts));
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  await benchCancel(WORKING, rounds);
}

interface Halted {
  /** Until Policy and Execution have both latched it. */
  readonly latchedMs: number;
  /** Until the last order at the venue; 0: none came after it was said. */
  readonly lastOrderMs: number;
  /** At the venue later than both had latched. */
  readonly late: number;
}

async function haltOnce(folder: string): Promise<Halted> {
  await using desk = new Desk(folder);
  await desk.read();
  const saidMs = Date.now();
  const { answers } = await desk.person.halt(1, "all", "a measurement", HALT_SERVERS);
  const closing = answers.filter(({ server }) => server === "policy" || server === "execution");
  if (!closing.every(({ latched }) => latched)) throw new Error(`not latched: ${JSON.stringify(answers)}`);
  const latchedMs = Math.max(...closing.map(({ tookMs }) => tookMs));
  await wait(QUIET_MS);
  const after = orderTimesAtVenue(folder).filter((atMs) => atMs >= saidMs);
  const lastOrderMs = Math.max(0, ...after.map((atMs) => atMs - saidMs));
  return { latchedMs, lastOrderMs, late: after.filter((atMs) => atMs > saidMs + latchedMs).length };
}

async function resume(folder: string): Promise<void> {
  await using desk = new Desk(folder);
  // The validators go on proposing a halt until it is in the log.
  if (!(await desk.readUntil(() => desk.fence.state().halts.length > 0, TRADES_ON_MS)))
    throw new Error("no halt in the log");
  const { epoch, halts } = desk.fence.state();
  const haltIds = halts.map(({ id }) => id);
  const signature = desk.person.signResume(haltIds, "it was a measurement", epoch);
  await desk.ofAnyValidator((one) => desk.person.resume(haltIds, "it was a measurement", [signature], one));
  await tradesOn(folder);
}

async function tradesOn(folder: string): Promise<void> {
  const before = ordersAtVenue(folder);
  for (const until = Date.now() + TRADES_ON_MS; ordersAtVenue(folder) < before + 3; await wait(100))
    if (Date.now() > until) throw new Error(`no order for ${TRADES_ON_MS / 1_000} s`);
}

async function killLeader({ etcd }: RunningCluster) {
  if (etcd === undefined) throw new Error("this cluster has no etcd");
  const members = await etcdMembers({ endpoints: etcd.endpoints });
  const leader = members.findIndex(({ isLeader }) => isLeader);
  if (leader < 0) throw new Error("etcd has no leader");
  return killAll([etcd.node(leader)]);
}

async function killAll(nodes: readonly { kill(): Promise<void>; start(): Promise<void> }[]) {
  await Promise.all(nodes.map((node) => node.kill()));
  return async () => {
    await Promise.all(nodes.map((node) => node.start()));
  };
}

function lineOf(rate: number, name: string, halts: readonly Halted[]): string {
  const ms = (values: readonly number[], p: number) => `${quantile(values, p).toFixed(0)} ms`.padStart(7);
  const latched = halts.map(({ latchedMs }) => latchedMs);
  const last = halts.map(({ lastOrderMs }) => lastOrderMs);
  const late = halts.reduce((sum, one) => sum + one.late, 0);
  return (
    `${String(rate).padStart(8)}  ${name.padEnd(25)} ${String(halts.length).padStart(5)}       ${ms(latched, 0.5)} ${ms(latched, 0.99)}` +
    `            ${ms(last, 0.5)} ${ms(last, 0.99)} ${ms(last, 1)}   ${late}`
  );
}
