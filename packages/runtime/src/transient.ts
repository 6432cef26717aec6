import { BusError } from "@countersign/bus";
import { PostgresError } from "@countersign/postgres";
import { RpcError } from "./ports.ts";
import { StoreError } from "./store.ts";

/** Whether an engine or another process is away, and the same may succeed when it is back. Whatever else fails is a mistake of ours. */
export function isTransient(error: unknown): boolean {
  if (error instanceof PostgresError) return error.code === "CONNECTION_LOST";
  if (error instanceof BusError) return error.kind !== "fatal";
  if (error instanceof RpcError) return error.code !== "REFUSED";
  return error instanceof StoreError && error.code === "STORE_CONTENDED";
}
