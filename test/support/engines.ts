// One Kafka cluster, one etcd cluster and one Redis for all tests that need them: vitest calls this once, before and after.
import { etcd, kafka, redis } from "@countersign/engines";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** host:port of each member. */
    etcd: readonly string[];
    /** host:port of each broker. */
    kafka: readonly string[];
    /** URL. */
    redis: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = (process.env.COUNTERSIGN_TEST_ENGINES ?? "etcd,kafka,redis").split(",");
  const running = new AsyncDisposableStack();
  if (wanted.includes("etcd")) project.provide("etcd", running.use(await etcd()).endpoints);
  if (wanted.includes("kafka")) project.provide("kafka", running.use(await kafka()).brokers);
  if (wanted.includes("redis")) project.provide("redis", running.use(await redis()).url);
  return () => running.disposeAsync();
}
