import { Cell, checkBar, defineStrategy, type Opinion, restoreParts, snapshotParts } from "@countersign/quant";

/**
 * Changes its mind with every bar, and knows nothing: so that there is always an order under way when something dies. It is no example of
 * a strategy: those are in strategies/.
 */
export default defineStrategy({
  name: "restless",
  weight: 1,
  create(symbol) {
    const stance = new Cell(-1);
    const parts = { stance };
    return {
      onBar(bar): Opinion {
        checkBar(bar, symbol);
        stance.value = -stance.value;
        return {
          direction: stance.value,
          confidence: 0.6,
          expectedReturn: 0.01,
          horizonMs: 10 * (bar.closeTimeMs - bar.openTimeMs),
          features: {},
          because: "The last bar is over, and this strategy changes its mind.",
        };
      },
      snapshot: () => snapshotParts(parts),
      restore: (snapshot) => restoreParts(parts, snapshot),
    };
  },
});
