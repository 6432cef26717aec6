import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { isRetriable } from "./errors.ts";
import { repairKafkajs } from "./repairs.ts";

/** PEM. With TLS both sides show a certificate; who we are to the brokers is ours. */
export interface KafkaTls {
  readonly ca: Uint8Array;
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface KafkaAddress {
  /** host:port of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** In the clear unless given. */
  readonly tls?: KafkaTls;
}

export interface ClientOptions extends KafkaAddress {
  readonly clientId: string;
}

/** A client of its own for everything that is opened: kafkajs shares committed offsets between the consumers of one client. */
export function connect({ brokers, tls, clientId }: ClientOptions): Kafka {
  repairKafkajs();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls !== undefined && { ssl: pemOf(tls) }),
    // What matters reaches us as errors and events; during a failover kafkajs logs each attempt.
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: RETRY,
  });
}

function pemOf({ ca, cert, key }: KafkaTls) {
  return { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
}

/** Each number is written out: kafkajs has other defaults where NODE_ENV is "test". */
export const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000, multiplier: 2, factor: 0.2 };

/** Asks through a connection of its own, which is closed again: these questions are rare, and a kept one would go stale. */
export async function ask<T>(options: ClientOptions, question: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = connect(options).admin();
  await admin.connect();
  try {
    return await question(admin);
  } finally {
    await admin.disconnect();
  }
}

const PATIENCE_MS = 15_000;

/** Again and again while the broker's answer is "not yet": a topic is not known everywhere, a coordinator loads its offsets. */
export async function patiently<T>(question: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  for (const until = Date.now() + patienceMs; ; await sleep(100)) {
    try {
      return await question();
    } catch (error) {
      if (!isRetriable(error) || Date.now() > until) throw error;
    }
  }
}
