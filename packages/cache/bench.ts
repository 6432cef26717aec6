/**
 * `npm run bench -w @countersign/cache`: calls a second and their latency, on COUNTERSIGN_REDIS or a Redis of its own. One connection;
 * `take ×1` waits for each answer, `×64` keeps 64 calls on their way.
 */
import { createHistogram } from "node:perf_hooks";
import { LeasedRateLimit } from "./src/leased-rate-limit.ts";
import { newPlatform, openUp } from "./test/open.ts";
import { OwnRedis, redisServer, until } from "./test/server.ts";

const FOR_MS = 2_000;
const nowMs = () => performance.now();

const server = await redisServer();
const rateLimit = { scope: "bench", perSecond: 1_000_000, burst: 1_000_000, replicas: 3 };
const cache = await openUp({ url: server.url, platform: newPlatform(), rateLimit, deadlineMs: 50 });
const of = { strategy: "trend", symbol: "AAPL" };
const vector = { eventTimeMs: 1, values: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, n / 7])) };
const leased = new LeasedRateLimit({ limiter: cache.rateLimit, chunk: 200, nowMs });
let seq = 0n;
const putMark = () =>
  cache.marks.put("AAPL", { price: { units: 18_742n, scale: 2 }, eventTimeMs: 1, msgId: "m", seq: ++seq });
await cache.features.put(of, vector);

for (const at of [1, 64]) {
  await measure(`marks.put ×${at}`, at, putMark);
  await measure(`marks.get ×${at}`, at, () => cache.marks.get("AAPL"));
  await measure(`features.get, 20 values ×${at}`, at, () => cache.features.get(of));
  await measure(`rateLimit.take ×${at}`, at, () => cache.rateLimit.take("portfolio"));
}
await measure("leased take, chunk 200", 1, () => leased.take("portfolio"));
await paced("leased take at 5,000/s", 5, () => leased.take("paced"));
console.log(JSON.stringify(cache.counts()));
if (server instanceof OwnRedis) {
  await server.kill();
  await until(() => cache.state() === "down", "it is down");
  await measure("rateLimit.take, Redis dead", 1, () => cache.rateLimit.take("portfolio"));
  await measure("leased take, Redis dead", 1, () => leased.take("portfolio"));
  await measure("marks.get, Redis dead", 1, () => cache.marks.get("AAPL"));
}
await cache.close();
await server.stop();

async function measure(name: string, atOnce: number, call: () => unknown): Promise<void> {
  const histogram = createHistogram();
  const endMs = nowMs() + FOR_MS;
  const loop = async () => {
    for (let n = 1; nowMs() < endMs; n++) {
      await timed(histogram, call);
      // What is decided at once never lets the loop turn.
      if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  report(name, histogram);
}

/** So many calls each millisecond, as a busy sender's messages come. */
async function paced(name: string, perMs: number, call: () => unknown): Promise<void> {
  const histogram = createHistogram();
  const startMs = nowMs();
  for (let due = 0; nowMs() - startMs < FOR_MS; ) {
    for (; due < (nowMs() - startMs) * perMs; due++) await timed(histogram, call);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  report(name, histogram);
}

async function timed(histogram: ReturnType<typeof createHistogram>, call: () => unknown): Promise<void> {
  const startNs = process.hrtime.bigint();
  // As a caller should: what is no promise needs no turn of the microtask queue.
  const answer = call();
  if (answer instanceof Promise) await answer;
  histogram.record(process.hrtime.bigint() - startNs || 1n);
}

function report(name: string, histogram: ReturnType<typeof createHistogram>): void {
  const us = (percentile: number) => (histogram.percentile(percentile) / 1000).toFixed(1).padStart(8);
  const perSecond = Math.round((histogram.count * 1000) / FOR_MS).toLocaleString("en");
  const columns = [
    name.padEnd(34),
    `${perSecond.padStart(10)}/s`,
    `p50 ${us(50)}`,
    `p99 ${us(99)}`,
    `p99.9 ${us(99.9)} µs`,
  ];
  console.log(columns.join("  "));
}
