import { EngineError } from "./errors.ts";
import { etcdProgram } from "./etcd.ts";
import { kafkaProgram } from "./kafka-program.ts";
import { redisProgram } from "./redis.ts";

export type Engine = "etcd" | "kafka" | "postgres" | "redis";

/** Why an engine cannot be had here, after everything was tried to have it (it may install and download); undefined if it can. */
export async function whyMissing(engine: Engine): Promise<EngineError | undefined> {
  try {
    if (engine === "kafka" && process.env.COUNTERSIGN_KAFKA === undefined) await kafkaProgram();
    if (engine === "etcd" && process.env.COUNTERSIGN_ETCD === undefined) await etcdProgram();
    if (engine === "redis" && process.env.COUNTERSIGN_REDIS === undefined) await redisProgram();
    return undefined; // PostgreSQL comes with the dependencies
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}
