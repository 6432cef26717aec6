/** How replicas that write the same aggregate or chain get out of each other's way. */
import { setTimeout as wait } from "node:timers/promises";

/** Conflicts in a row after which something else must be wrong. */
export const CONFLICTS_MAX = 12;
const WAIT_MAX_MS = 50;

/** Before the next try: who retries at once meets the same one again. */
export async function afterConflict(conflicts: number): Promise<void> {
  await wait(Math.random() * Math.min(2 ** conflicts, WAIT_MAX_MS));
}
