import type { Consent } from "./opening.ts";

export interface OperatorConfig {
  /** Whose readiness is waited for, by sender name. */
  readonly agents: readonly string[];
  /** Servers to propose to, in the order in which they are tried. */
  readonly validators: readonly string[];
  readonly consent: Consent;
  /** Undefined in an embedded replay: there a day of decision time passes in a moment, and nobody is silent for it. */
  readonly watch?: Watch;
}

export interface Watch {
  /** An agent that was not heard for so long is silent, ms. */
  readonly silentAfterMs: number;
  /** Without one of these for `closesAfterMs`, trading is closed: a halt of level 1, which only persons release. */
  readonly closesWithout: readonly string[];
  readonly closesAfterMs: number;
  /** Who is asked to stop beside a validator: they latch at once, whatever the quorum does. */
  readonly stops: readonly string[];
  /** Agents that may have several processes, and how many are of use. */
  readonly replicasMax: Readonly<Record<string, number>>;
}
