/** The bus of a process: Kafka at the cluster's addresses, watched. */
import { setTimeout as wait } from "node:timers/promises";
import { BusError } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { isTransient } from "@countersign/runtime";
import type { ClusterSpec } from "./cluster.ts";
import { kafkaOf } from "./credentials.ts";
import type { Observed } from "./observe.ts";
import { WatchedBus } from "./watched-bus.ts";

export interface BusOptions {
  /** Names this process among all of them. */
  readonly instance: string;
  readonly observed: Pick<Observed, "probe" | "isTraced" | "log">;
  readonly onBroken: (error: unknown) => void;
}

/** @throws InputError where a part of its credentials is missing */
export function openBus(dir: string, spec: ClusterSpec, { instance, observed, onBroken }: BusOptions): WatchedBus {
  const { log, probe, isTraced } = observed;
  const bus = new KafkaBus({
    ...kafkaOf(dir, spec),
    clientId: `${spec.platform}-${instance}`,
    sessionTimeoutMs: SESSION_MS,
    onError(error, place) {
      // Liveness is progress: a process whose handler hangs ends, and its successor goes on from the store.
      const isStuck = error instanceof BusError && error.code === "STUCK";
      if (isStuck || !(isTransient(error) || error instanceof BusError)) return onBroken(error);
      log(`${JSON.stringify(place)}: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  return new WatchedBus({ bus, probe, isTraced });
}

/** Until the topics are there: whoever installs a cluster makes them while its processes start. */
export async function havingTopics<T>(act: () => Promise<T>, log: (text: string) => void): Promise<T> {
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof BusError && error.code === "UNKNOWN_TOPIC")) throw error;
      if (!isSaid) log(`waiting: ${error.message}`);
      await wait(LOOK_EVERY_MS);
    }
  }
}

const LOOK_EVERY_MS = 500;
/** The shortest that brokers take unless they are told: so long nobody reads what a killed process read, its successor included. */
const SESSION_MS = 6_000;
