/** Does kill -9, in seeded random order, at least once every five seconds. */
import { setTimeout as wait } from "node:timers/promises";
import type { RunningCluster } from "@countersign/platform";
import { type Prng, uniform } from "@countersign/quant";

const VICTIMS = [
  ...[
    "execution",
    "policy",
    "policy.2",
    "portfolio",
    "hedger",
    "signal",
    "compliance",
    "market",
    "operator",
    "gateway",
  ],
  ...["paper-exchange", "validator-1", "validator-2", "validator-3", "broker", "etcd", "postgres", "redis"],
] as const;

const EVERY_MS = { from: 2_500, to: 4_800 } as const;
const AWAY_MS = { broker: 3_000, etcd: 3_000, postgres: 1_000, redis: 1_000 } as const;

export interface NemesisOptions {
  readonly forMs: number;
  readonly prng: Prng;
  readonly say: (text: string) => void;
}

/** Returns how many it has killed. An agent's supervisor starts it again; an engine comes back after a while. */
export async function nemesis(cluster: RunningCluster, { forMs, prng, say }: NemesisOptions): Promise<number> {
  const until = performance.now() + forMs;
  let kills = 0;
  let engine = Promise.resolve();
  for (;;) {
    await wait(EVERY_MS.from + uniform(prng) * (EVERY_MS.to - EVERY_MS.from));
    if (performance.now() >= until) break;
    const victim = VICTIMS[Math.floor(uniform(prng) * VICTIMS.length)]!;
    kills++;
    if (!isEngine(victim)) {
      say(`kill -9 ${victim}`);
      cluster.supervisor.kill(victim, "SIGKILL");
      continue;
    }
    // One at a time: with two of three brokers or members away nothing is promised but to wait.
    await engine;
    const process = engineOf(cluster, victim, prng);
    say(`kill -9 ${process.name}`);
    await process.kill();
    engine = wait(AWAY_MS[victim]).then(() => process.start());
  }
  await engine;
  return kills;
}

type EngineName = keyof typeof AWAY_MS;

function isEngine(victim: string): victim is EngineName {
  return victim in AWAY_MS;
}

function engineOf({ kafka, etcd, postgres, redis }: RunningCluster, victim: EngineName, prng: Prng) {
  if (victim === "postgres") return named("PostgreSQL", postgres);
  if (victim === "etcd") {
    if (etcd === undefined)
      throw new Error("the crash test needs etcd: install it, or name one whose members may be killed");
    const index = Math.floor(uniform(prng) * etcd.endpoints.length);
    return named(`etcd member ${index + 1}`, etcd.node(index));
  }
  if (victim === "redis") {
    if (redis === undefined)
      throw new Error("the crash test needs redis-server: install it, or name one that may be killed");
    return named("Redis", redis);
  }
  const index = Math.floor(uniform(prng) * kafka.brokers.length);
  return named(`broker ${index + 1}`, kafka.node(index));
}

interface Engine {
  kill(): Promise<void>;
  start(): Promise<void>;
}

function named(name: string, engine: Engine) {
  return { name, kill: () => engine.kill(), start: () => engine.start() };
}
