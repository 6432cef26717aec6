import type { FenceState } from "@countersign/contracts";
import type { Agent, Input } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { CoreConfig } from "./core/config.ts";
import { decide } from "./core/decide.ts";
import { type ExecutionState, initialState } from "./core/state.ts";
import { type MarketView, marketView } from "./core/view.ts";
import { type ExecutionEdge, makeEdge } from "./edge/edge.ts";
import { openGate } from "./edge/gate.ts";
import { openPaperVenue } from "./edge/paper.ts";

export interface ExecutionConfig extends CoreConfig {
  readonly venue: {
    /** As intents name it. */
    readonly name: string;
    readonly latencyMs: number;
    /** Names this life of the venue, so of the process: execution ids are unique with it. In a replay it is the same each time. */
    readonly session: string;
  };
  readonly fence: () => FenceState;
  /** Is the fence younger than its lease? In an embedded replay, where leases are counted and not timed: always. */
  readonly fenceFresh: () => boolean;
  /** Decision time, ms; undefined when there is no clock to be trusted. */
  readonly nowMs: () => number | undefined;
}

export interface Execution {
  readonly agent: Agent<ExecutionState, MarketView>;
  readonly edge: ExecutionEdge;
}

/** One account's Execution. Throws ExecutionError `NO_VENUE_FOR_MODE`. */
export function makeExecution(config: ExecutionConfig): Execution {
  const { mode, instruments, fence, fenceFresh, nowMs } = config;
  const venue = openPaperVenue({ ...config.venue, mode, instruments });
  const gate = openGate(venue, { config, fence, fenceFresh, nowMs });
  const agent: Agent<ExecutionState, MarketView> = {
    canvas,
    keyOf: (input) => (concerns(config, input) ? config.account : undefined),
    initial: initialState,
    decide: (state, input, context) => decide(config, state, input, context),
    view: marketView,
  };
  return { agent, edge: makeEdge(gate, config.venue.session) };
}

/** Commands are keyed by account; the ledger is everybody's. What else arrives is an answer to us, or about us. */
function concerns({ account }: CoreConfig, input: Input): boolean {
  if (input.kind === "market") return false;
  if (input.kind !== "message") return true;
  return input.type === "order.intent" ? input.body.key === account : input.type === "ledger.entry";
}
