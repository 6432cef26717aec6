import { setTimeout as wait } from "node:timers/promises";

export interface Patience {
  /** Whether the same may succeed in a moment. Whatever else fails is thrown at once. */
  readonly isAway: (error: unknown) => boolean;
  readonly patienceMs?: number;
}

/**
 * What a pod that lives for minutes asks first, again and again while nobody answers: many networks let a pod's connections through only
 * some seconds after its start, which Kubernetes permits ("Pod lifecycle and network policies"), and its processes begin anew for that.
 * @throws what the question threw last
 */
export async function askAtStart<T>(question: () => Promise<T>, { isAway, patienceMs = 30_000 }: Patience): Promise<T> {
  for (const untilMs = performance.now() + patienceMs; ; await wait(500)) {
    try {
      return await question();
    } catch (error) {
      if (!isAway(error) || performance.now() > untilMs) throw error;
    }
  }
}
