/**
 * A trial: a day is traded by separate processes on real engines while something happens to them, then the market is ended, what is under
 * way is given time, and everything that is left is read.
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cloneFile, exportCluster, type RunningCluster, replayExport, startCluster } from "@countersign/platform";
import { Prng } from "@countersign/quant";
import { isTransient } from "@countersign/runtime";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { ordersAtVenue } from "../support/venue-orders.ts";
import { check } from "./checks.ts";
import { type Evidence, gather, readExport } from "./evidence.ts";
import { nemesis } from "./nemesis.ts";
import { DAY_BEGINS, recordDay } from "./recorded-day.ts";

export interface TrialOptions {
  /** Holds the cluster; the caller's to remove. */
  readonly dir: string;
  readonly seed: string;
  /** Seconds of the day in one second. */
  readonly speed: number;
  readonly hedge: string;
  /** `paper` unless told otherwise. */
  readonly mode?: "paper" | "shadow";
  /** 3 unless told otherwise. */
  readonly brokers?: number;
  /** Without one, a day that a model makes from the seed. */
  readonly traces?: readonly { readonly path: string; readonly symbol?: string }[];
  readonly say: (text: string) => void;
}

export interface Trial<T> {
  readonly happened: T;
  readonly evidence: Evidence;
}

/** For orders, fills and records that are under way when it is over. */
const SETTLE_MS = 90_000;
const FIRST_ORDER_MS = 180_000;

export function trial(options: TrialOptions & { readonly minutes: number }): Promise<Trial<number>> {
  const { seed, minutes, say } = options;
  return tradeThrough(options, async (cluster, folder) => {
    // What is killed before it trades says nothing of trading.
    await firstOrder(folder);
    return nemesis(cluster, { forMs: minutes * 60_000, prng: new Prng(BigInt(seed)), say });
  });
}

async function firstOrder(folder: string): Promise<void> {
  for (const until = performance.now() + FIRST_ORDER_MS; ordersAtVenue(folder) === 0; await wait(500))
    if (performance.now() > until) throw new Error(`no order reached the venue within ${FIRST_ORDER_MS / 1_000} s`);
}

/** The day is traded while `happens` is done to its engines and processes. */
export async function tradeThrough<T>(
  options: TrialOptions,
  happens: (cluster: RunningCluster, folder: string) => Promise<T>,
): Promise<Trial<T>> {
  const { dir, say, brokers = 3 } = options;
  const folder = join(dir, "cluster");
  await using cluster = await startCluster(folder, { choice: choiceOf(options), brokers, onStep: say });
  const happened = await happens(cluster, folder);
  say("it is over; the market ends");
  await cluster.supervisor.end("market");
  const left = await settled(cluster, folder);
  await cluster.supervisor.stop();
  say("everything is written down and read once more");
  const exported = join(dir, "export");
  await exportCluster(folder, exported);
  const replayed = await replayExport(folder, exported);
  return { happened, evidence: { ...left, ...readExport(exported, replayed) } };
}

/** Evidence that holds, or the last there was when the time is over. */
async function settled(cluster: RunningCluster, folder: string) {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    await wait(2_000);
    // A broker that comes back may keep whoever asks it waiting for too long: then it is asked again.
    const evidence = await gather(folder, cluster).catch((error: unknown) => {
      if (!isTransient(error) || performance.now() > until) throw error;
    });
    if (evidence === undefined) continue;
    if (check(evidence).length === 0 || performance.now() > until) return evidence;
  }
}

/** A cluster that is never without orders: a strategy that changes its mind with each bar, and room for all it wants. */
export function choiceOf({ dir, seed, speed, hedge, traces, mode = defaults.mode }: TrialOptions) {
  return {
    mode,
    // In shadow trading is opened by two.
    ...(mode === "shadow" && { cofounders: ["person:second"] }),
    account: defaults.account,
    person: defaults.person,
    currency: defaults.currency,
    deposit: defaults.deposit,
    traded: ["EURUSD", "XAUUSD"].filter((symbol) => symbol !== hedge),
    hedge,
    // Two answer for Policy, over one store: either may die while the other decides.
    replicas: { policy: 2 },
    market:
      traces === undefined ? { traces: recordDay(dir, seed), from: DAY_BEGINS, speed } : { traces: [...traces], speed },
    strategies: [cloneFile("test/fixtures/strategies/restless.ts")],
    limits: cloneFile("test/crash/limits.json"),
    settings: {
      ceiling: defaults.ceiling,
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: defaults.venueLatencyMs,
    },
  };
}
