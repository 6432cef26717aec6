/**
 * From the quote that closes a bar to the order at the venue, through every process: the quote's time is in the order's correlation id,
 * the venue's in its own record.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseInstruments } from "@countersign/orders";
import { cloneFile, type RunningCluster, startCluster } from "@countersign/platform";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { quantile } from "../support/quantile.ts";
import { type CpuMs, cpuOfDescendants, programOf, spentBetween } from "./cpu.ts";
import { type Hop, hopsOf } from "./hops.ts";
import { writeLoad } from "./load.ts";
import { readOrders } from "./orders.ts";
import { type StepTime, stepTimes } from "./steps.ts";

/** All with a price that a bar of 100 is good for. */
const SYMBOLS = ["AAPL", "SPX", "SPY", "XAUUSD", "EURUSD", "GBPUSD", "NZDUSD", "BTCUSD"];
/** Orders of the first seconds are not counted: code is compiled, connections are made. */
const WARM_S = 20;
/** For the last orders to arrive. */
const LAST_ORDERS_S = 3;

export interface Latency {
  readonly wanted: number;
  /** Orders a second that reached the venue, while they were wanted. */
  readonly achieved: number;
  readonly orders: number;
  /** ms */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly hops: readonly Hop[];
  readonly steps: readonly StepTime[];
  readonly processes: readonly ProcessCost[];
}

interface ProcessCost {
  /** Of the process, or of the program of an engine's. */
  readonly name: string;
  /** Processor time, ms in each second. */
  readonly cpuMs: number;
  /** Resident set; NaN where it is not one process of ours. */
  readonly rssMb: number;
}

export interface LatencyOptions {
  /** Holds the cluster; the caller's to remove. */
  readonly dir: string;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** A cluster whose market asks for orders at a rate, for so many seconds. */
export function startUnderLoad({ dir, ordersPerSecond, seconds, say }: LatencyOptions): Promise<RunningCluster> {
  const instruments = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const load = writeLoad({ dir, instruments, symbols: SYMBOLS, ordersPerSecond, seconds, seed: 1n });
  const { mode, account, person, currency, deposit } = defaults;
  return startCluster(folderIn(dir), {
    choice: {
      ...{ mode, account, person, currency, deposit },
      traded: load.symbols,
      hedge: null,
      market: { traces: load.traces, from: load.from, speed: load.speed },
      strategies: [cloneFile("test/fixtures/strategies/restless.ts")],
      limits: cloneFile("test/bench/limits.json"),
      settings: {
        ceiling: defaults.ceiling,
        portfolio: { targetVolatility: 0.05, weightMax: 0.05, noTradeBand: 0.0005 },
        hedge: defaults.hedging,
        venueLatencyMs: defaults.venueLatencyMs,
      },
    },
    onStep: say,
  });
}

/** Of the cluster that is started in `dir`. */
export const folderIn = (dir: string): string => join(dir, "cluster");

export async function measureLatency(options: LatencyOptions): Promise<Latency> {
  const { dir, ordersPerSecond, seconds } = options;
  const folder = folderIn(dir);
  await using cluster = await startUnderLoad({ ...options, seconds: seconds + WARM_S });
  await wait(WARM_S * 1_000);
  const before = cpuOfDescendants();
  await wait(seconds * 1_000);
  const processes = costs(cluster, before, seconds);
  const steps = await stepTimes(folder);
  await wait(LAST_ORDERS_S * 1_000);
  const orders = await readOrders(cluster, folder);
  const firstMs = Math.min(...orders.map(({ venueMs }) => venueMs)) + WARM_S * 1_000;
  const counted = orders.filter(({ venueMs }) => venueMs >= firstMs && venueMs < firstMs + seconds * 1_000);
  const delays = counted.map(({ quoteMs, venueMs }) => venueMs - quoteMs);
  return {
    wanted: ordersPerSecond,
    achieved: counted.length / seconds,
    orders: counted.length,
    ...{ p50: quantile(delays, 0.5), p95: quantile(delays, 0.95), p99: quantile(delays, 0.99) },
    hops: hopsOf(counted),
    steps,
    processes,
  };
}

/** Of every process since `before`, and of the engines by program. */
function costs({ supervisor }: RunningCluster, before: CpuMs, seconds: number): readonly ProcessCost[] {
  const states = supervisor.states();
  const names = new Map(states.flatMap(({ name, pid }) => (pid === undefined ? [] : [[pid, name] as const])));
  const spent = spentBetween(before, cpuOfDescendants(), (pid) => names.get(pid) ?? programOf(pid));
  const pids = new Map(states.map(({ name, pid }) => [name, pid]));
  return [...spent].map(([name, ms]) => ({ name, cpuMs: ms / seconds, rssMb: rssOf(pids.get(name)) }));
}

/** Resident set, MB, as the kernel says; NaN where it does not. */
function rssOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024);
  } catch {
    return Number.NaN;
  }
}
