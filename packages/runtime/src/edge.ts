import type { Cause, MarketMessage, PublishEffect } from "./agent.ts";

/** What an edge of an agent reports: an input of kind "edge". */
export interface EdgeReport {
  /** Unique for what it reports, such as an execution id. */
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  /** Of what it is about, where that is known: it belongs to that trace. */
  readonly correlationId?: string | undefined;
}

/** The part of an agent that touches the world; called by the shell and by nobody else. */
export interface Edge {
  /** Once, at the host's start: what this process begins with. Ids must tell one process over a store from the next. */
  started?(): readonly EdgeReport[];
  /** Before the view folds the message. */
  onMarket?(message: MarketMessage): readonly EdgeReport[];
  /** The end of a step that wrote a record, or a second: after the agent has decided upon its tick. */
  tick?(): readonly EdgeReport[];
  /** After the commit of the decision that wanted it, at most once ever. @param cause of that decision */
  act?(name: string, data: unknown, cause?: Cause): readonly EdgeReport[];
  /** Between decide and sealing: adds a signature that needs a key, such as a permit's. */
  finish?(effect: PublishEffect): PublishEffect;
}
