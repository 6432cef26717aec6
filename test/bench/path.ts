/**
 * The path of an order: from a quote to the order at the venue through every process on three brokers, at each rate; where the time goes;
 * what a signed and verified quote costs beside a bare one; what each process holds in memory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { kafka } from "@countersign/engines";
import { type Latency, measureLatency } from "./latency.ts";
import { measureThroughput } from "./throughput.ts";

/** @param rates orders a second that are wanted; each is tried for so many seconds */
export async function benchPath(rates: readonly number[], seconds: number): Promise<void> {
  const latencies: Latency[] = [];
  for (const ordersPerSecond of rates) {
    const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
    try {
      latencies.push(await measureLatency({ dir, ordersPerSecond, seconds, say: () => {} }));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    console.log(latencyLine(latencies.at(-1)!));
  }
  const best = Math.max(...latencies.map(({ achieved }) => achieved));
  console.log(`most that was sustained: ${best.toFixed(0)} orders/s\n`);

  const first = latencies[0];
  if (first !== undefined) {
    console.log(`the way of an order, at ${first.wanted} orders/s           p50      p95`);
    for (const { name, p50, p95 } of first.hops)
      console.log(`  ${name.padEnd(40)} ${p50.toFixed(0).padStart(5)} ms ${p95.toFixed(0).padStart(5)} ms`);
    console.log("\ntime of a message in each step, mean ms");
    for (const name of ["signal", "portfolio", "policy", "execution"])
      console.log(`  ${name.padEnd(10)} ${stepsOf(first, name)}`);
    console.log("\nof each process: processor time, ms in each second; resident set, MB");
    for (const { name, cpuMs, rssMb } of first.processes)
      console.log(
        `  ${name.padEnd(15)} ${cpuMs.toFixed(0).padStart(5)} ${Number.isNaN(rssMb) ? "" : String(rssMb).padStart(5)}`,
      );
    const busy = first.processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    console.log(`  together        ${busy.toFixed(0).padStart(5)} of ${cpus().length * 1_000}`);
  }

  const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  {
    await using cluster = await kafka({ dir });
    const { quotes, bytesEach, bare, signed } = await measureThroughput(cluster.brokers);
    const [bareRate, signedRate] = [median(bare), median(signed)];
    console.log(`\n${quotes} quotes of ${bytesEach.toFixed(0)} bytes, median of ${bare.length} rounds each, in turn`);
    console.log(`  bare kafkajs         ${perSecond(bareRate)}`);
    console.log(`  sealed and verified  ${perSecond(signedRate)}   ${(signedRate / bareRate).toFixed(2)} × bare`);
  }
  rmSync(dir, { recursive: true, force: true });
}

function latencyLine({ wanted, achieved, orders, p50, p95, p99 }: Latency): string {
  const ms = (name: string, value: number) => `${name} ${value.toFixed(0).padStart(5)} ms`;
  const rate = `${wanted} orders/s wanted, ${achieved.toFixed(0)} reached the venue`;
  return `${rate.padEnd(48)} quote → order  ${ms("p50", p50)}  ${ms("p95", p95)}  ${ms("p99", p99)}   (${orders} orders)`;
}

/** What is below a hundredth of a millisecond says nothing. */
function stepsOf({ steps }: Latency, name: string): string {
  return steps
    .filter(({ process, meanMs }) => process === name && meanMs >= 0.01)
    .map(({ step, meanMs, count }) => `${step} ${meanMs.toFixed(2)} (${count})`)
    .join("  ");
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString("en").padStart(7)} /s`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
