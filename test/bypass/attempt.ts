import type { Ground } from "./ground.ts";
import type { Thief } from "./thief.ts";

/** One try at one door. */
export interface Attempt {
  readonly name: string;
  /** What has to come of it, and where: `PERMIT_FORGED at accept`. A refusal from elsewhere is none. */
  readonly expected: string;
  /** The checks of P03, P04 and P08 that it is for, and is tried without. */
  readonly marks?: readonly string[];
  readonly go: (thief: Thief, ground: Ground) => Promise<string>;
}
