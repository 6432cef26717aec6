/** For tests: strategies that say what they are told to. */
import { Cell, defineStrategy, type Opinion, restoreParts, type Strategy, snapshotParts } from "@countersign/quant";

export const DAY_MS = 86_400_000;

export function opinion(change: Partial<Opinion> = {}): Opinion {
  return {
    direction: 1,
    confidence: 0.6,
    expectedReturn: 0.02,
    horizonMs: 5 * DAY_MS,
    features: { close: 100 },
    because: "because the test says so",
    ...change,
  };
}

/** Says the n-th opinion on the n-th bar. */
export function script(name: string, opinions: readonly (Opinion | undefined)[], weight = 1): Strategy {
  return defineStrategy({
    name,
    weight,
    create: () => {
      const bars = new Cell(0);
      return {
        onBar: () => opinions[bars.value++],
        snapshot: () => snapshotParts({ bars }),
        restore: (snapshot) => restoreParts({ bars }, snapshot),
      };
    },
  });
}

export function seated(...strategies: readonly Strategy[]): { id: string; strategy: Strategy }[] {
  return strategies.map((strategy) => ({ id: `strategy:${strategy.name}@1`, strategy }));
}
