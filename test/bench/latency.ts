/**
 * From the quote that closes a bar to the order at the venue, through every process: the quote's time is in the order's correlation id,
 * the venue's in its own record.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema, OrderAcceptedSchema, SignedSchema } from "@countersign/contracts";
import { parseInstruments } from "@countersign/orders";
import { cloneFile, type RunningCluster, startCluster } from "@countersign/platform";
import { openPool } from "@countersign/postgres";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { writeLoad } from "./load.ts";
import { type StepTime, stepTimes } from "./steps.ts";

/** All with a price that a bar of 100 is good for. */
const SYMBOLS = ["AAPL", "SPX", "SPY", "XAUUSD", "EURUSD", "GBPUSD", "NZDUSD", "BTCUSD"];
/** Orders of the first seconds are not counted: code is compiled, connections are made. */
const WARM_S = 5;

export interface Latency {
  readonly wanted: number;
  /** Orders a second that reached the venue, while they were wanted. */
  readonly achieved: number;
  readonly orders: number;
  /** ms */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly memory: readonly { readonly name: string; readonly rssMb: number }[];
  readonly steps: readonly StepTime[];
}

export interface LatencyOptions {
  /** Holds the cluster; the caller's to remove. */
  readonly dir: string;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly say: (text: string) => void;
}

export async function measureLatency({ dir, ordersPerSecond, seconds, say }: LatencyOptions): Promise<Latency> {
  const instruments = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const load = writeLoad({ dir, instruments, symbols: SYMBOLS, ordersPerSecond, seconds: seconds + WARM_S, seed: 1n });
  const folder = join(dir, "cluster");
  const { account, person, currency, deposit } = defaults;
  await using cluster = await startCluster(folder, {
    choice: {
      ...{ account, person, currency, deposit },
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
  await wait((seconds + WARM_S + 3) * 1_000);
  const memory = cluster.supervisor.states().map(({ name, pid }) => ({ name, rssMb: rssOf(pid) }));
  const steps = await stepTimes(folder);
  const orders = await ordersOf(cluster, folder);
  const firstMs = Math.min(...orders.map(({ venueMs }) => venueMs)) + WARM_S * 1_000;
  const counted = orders.filter(({ venueMs }) => venueMs >= firstMs && venueMs < firstMs + seconds * 1_000);
  const sorted = counted.map(({ quoteMs, venueMs }) => venueMs - quoteMs).toSorted((a, b) => a - b);
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  return {
    wanted: ordersPerSecond,
    achieved: counted.length / seconds,
    orders: counted.length,
    ...{ p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
    memory,
    steps,
  };
}

async function ordersOf({ postgresUrl }: RunningCluster, folder: string) {
  await using pool = openPool(postgresUrl, { max: 1, applicationName: "bench" });
  const { rows } = await pool.query<{ bytes: Uint8Array }>("select bytes from execution.outbox where kind = 'publish'");
  const quoteMs = new Map<string, number>();
  for (const { bytes } of rows) {
    const {
      type,
      correlationId = "",
      payload = NOTHING,
    } = fromBinary(BodySchema, fromBinary(SignedSchema, bytes).payload ?? NOTHING);
    if (type !== "order.accepted") continue;
    const { clientOrderId = "" } = fromBinary(OrderAcceptedSchema, payload);
    quoteMs.set(clientOrderId, uuidMs(correlationId));
  }
  const lines = readFileSync(join(folder, "exchange", "record.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean);
  return lines.flatMap((line) => {
    const { order, clOrdID, transactTimeMs } = JSON.parse(line.slice(line.indexOf(" ") + 1));
    const at = quoteMs.get(clOrdID);
    return order === undefined || at === undefined ? [] : [{ quoteMs: at, venueMs: Number(transactTimeMs) }];
  });
}

const NOTHING = new Uint8Array(0);

/** A UUIDv7 begins with the milliseconds since 1970 (RFC 9562). */
function uuidMs(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
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
