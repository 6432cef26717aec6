import { monitorEventLoopDelay } from "node:perf_hooks";
import { METRICS } from "./catalogue.ts";
import { Counter, type Family, Gauge } from "./families.ts";

/** What the process itself costs; read at the scrape. `close` ends the one timer it needs. */
export function processFamilies(): { readonly families: readonly Family[]; close(): void } {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const gauge = (spec: (typeof METRICS)[keyof typeof METRICS], read: Gauge["read"]) =>
    Object.assign(new Gauge(spec), { read });
  return {
    families: [
      gauge(METRICS.loopDelay, () => loopDelay(delay)),
      gauge(METRICS.residentMemory, () => [["", process.memoryUsage.rss()]]),
      gauge(METRICS.heapUsed, () => [["", process.memoryUsage().heapUsed]]),
      gauge(METRICS.startTime, () => [["", Date.now() / 1_000 - process.uptime()]]),
      gauge(METRICS.resources, activeResources),
      new Cpu(METRICS.cpu),
    ],
    close: () => void delay.disable(),
  };
}

/** The histogram counts the time between two ticks of its timer: what is over its period is the delay. */
function loopDelay(delay: ReturnType<typeof monitorEventLoopDelay>): readonly (readonly [string, number])[] {
  if (delay.count === 0) return [];
  const seconds = (nanos: number) => Math.max(0, nanos / 1e9 - LOOP_RESOLUTION_MS / 1_000);
  const read = [
    ["p50", seconds(delay.percentile(50))],
    ["p99", seconds(delay.percentile(99))],
    ["max", seconds(delay.max)],
  ] as const;
  delay.reset();
  return read;
}

class Cpu extends Counter {
  #before = 0;

  override samples() {
    const { user, system } = process.cpuUsage();
    const now = (user + system) / 1e6;
    this.inc("", "", now - this.#before);
    this.#before = now;
    return super.samples();
  }
}

function activeResources(): readonly (readonly [string, number])[] {
  return [...Map.groupBy(process.getActiveResourcesInfo(), (type) => type)].map(([type, { length }]) => [type, length]);
}

const LOOP_RESOLUTION_MS = 20;
