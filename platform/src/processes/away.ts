import { QuorumError } from "@countersign/quorum";
import { isTransient } from "@countersign/runtime";

/** Whether an engine or another process is away, and the same may succeed when it is back. Whatever else fails is a mistake of ours. */
export function isAway(error: unknown): boolean {
  return isTransient(error) || (error instanceof QuorumError && error.code === "LOG_UNREACHABLE");
}
