/**
 * The soak: `npm run soak -- [--minutes N] [--speed N] [--hedge SYMBOL] [[SYMBOL=]TRACE…]`.
 *
 * Recorded quotes are traded at speed by separate processes on three brokers, PostgreSQL and Redis, and nothing is done to them. Each
 * process is asked every ten seconds what it holds and how far it is behind. The last quarter of the time is compared with the second:
 * after the first, everything should be as it will stay. Exit code 1 where anything grew.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startCluster } from "@countersign/platform";
import { parseOptions } from "../../scripts/options.ts";
import { readOrders, type SentOrder } from "../bench/orders.ts";
import { metricsPages } from "../bench/steps.ts";
import { choiceOf } from "../crash/trial.ts";
import { tracesOf } from "../support/traces.ts";
import { report } from "./report.ts";
import { readSample, type Sample } from "./sample.ts";

const EVERY_MS = 10_000;
/** Samples between two lines of how it goes: ten minutes. */
const SAID_EVERY = 60;
const SEED = "1";

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "120" },
    hedge: { type: "string", default: "EURUSD" },
    speed: { type: "string", default: "12" },
  },
});
const [minutes, speed] = [Number(values.minutes), Number(values.speed)];
if (![minutes, speed].every((number) => number > 0)) {
  console.error("--minutes and --speed take numbers above 0, such as --minutes 120 --speed 60");
  process.exit(2);
}
const traces = tracesOf(positionals);
const dir = mkdtempSync(join(tmpdir(), "countersign-soak-"));
try {
  const { samples, orders } = await soak();
  process.exitCode = report(samples, orders, minutes * 60_000) ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function soak(): Promise<{ readonly samples: readonly Sample[]; readonly orders: readonly SentOrder[] }> {
  const folder = join(dir, "cluster");
  const asked = { dir, seed: SEED, speed, hedge: values.hedge, say: console.log };
  const choice = choiceOf(traces.length === 0 ? asked : { ...asked, traces });
  await using cluster = await startCluster(folder, { choice, onStep: console.log });
  const samples: Sample[] = [];
  const begun = performance.now();
  for (let atMs = 0; atMs < minutes * 60_000; atMs = performance.now() - begun) {
    await wait(EVERY_MS);
    samples.push(readSample(Date.now(), await metricsPages(folder)));
    if (samples.length % SAID_EVERY === 0) console.log(saidLine(samples.at(-1)!, (performance.now() - begun) / 60_000));
  }
  const restarts = cluster.supervisor.states().filter(({ restarts }) => restarts > 0);
  for (const { name, restarts: times } of restarts) console.log(`${name} ended and was started again ${times} times`);
  return { samples, orders: await readOrders(cluster, folder) };
}

/** So that something is known of one that is ended before its time. */
function saidLine({ processes }: Sample, minutes: number): string {
  const all = [...processes.values()];
  const rssMb = all.reduce((sum, one) => sum + one.rssMb, 0);
  const lag = Math.max(...all.map(({ lagSeconds }) => lagSeconds));
  return `${minutes.toFixed(0)} min: ${all.length} processes hold ${rssMb.toFixed(0)} MB, the slowest is ${lag.toFixed(2)} s behind`;
}
