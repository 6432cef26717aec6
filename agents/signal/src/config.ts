import type { Strategy } from "@countersign/quant";

export interface SignalConfig {
  /** Traded symbols: the strategies run on each. */
  readonly symbols: readonly string[];
  /** `id` is strategy:name@digest of its source. */
  readonly strategies: readonly { readonly id: string; readonly strategy: Strategy }[];
  /** Told before a strategy runs; what it returns is called after. Lets a watchdog name the one that never comes back. */
  readonly watch?: (strategy: string) => () => void;
}
