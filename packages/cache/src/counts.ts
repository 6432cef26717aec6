import type { CacheCounts } from "./port.ts";

export type Counts = { -readonly [name in keyof CacheCounts]: number };

export function noCounts(): Counts {
  return { unknownReads: 0, droppedWrites: 0, localTakes: 0, badValues: 0, deadlines: 0, outages: 0 };
}
