import type { FenceState } from "@countersign/contracts";
import type { Agent, Input } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import { type CoreConfig, WINDOW_MS } from "./core/config.ts";
import { decide } from "./core/decide.ts";
import { ExecutionError } from "./core/error.ts";
import { type ExecutionState, initialState } from "./core/state.ts";
import { type MarketView, marketView } from "./core/view.ts";
import { type ExecutionEdge, type ExecutionLine, makeEdge, makeLine } from "./edge/edge.ts";
import { type GateFacts, openGate } from "./edge/gate.ts";
import { Looked, type Reconciliation } from "./edge/looked.ts";
import { openNetworkVenue } from "./edge/network/network.ts";
import { openPaperVenue } from "./edge/paper.ts";

/** The paper exchange's core in this process: it begins empty with each process. */
export interface InProcessVenue {
  readonly kind?: "in-process";
  /** As intents name it. */
  readonly name: string;
  readonly latencyMs: number;
  /** Names this life of the venue, so of the process: execution ids are unique with it. In a replay it is the same each time. */
  readonly session: string;
}

/** The paper exchange as a program of its own. */
export interface NetworkVenue {
  readonly kind: "network";
  /** As intents name it. */
  readonly name: string;
  readonly url: string;
  /** Of this account, at the venue. */
  readonly apiKey: string;
  /** Names this life of the process, and no other. */
  readonly session: string;
}

export interface ExecutionConfig extends CoreConfig {
  readonly venue: InProcessVenue | NetworkVenue;
  readonly fence: () => FenceState;
  /** Is the fence younger than its lease? In an embedded replay, where leases are counted and not timed: always. */
  readonly fenceFresh: () => boolean;
  /** Decision time, ms; undefined when there is no clock to be trusted. With a venue elsewhere it is the wall's, as the venue's own. */
  readonly nowMs: () => number | undefined;
}

export interface Execution {
  readonly agent: Agent<ExecutionState, MarketView>;
  readonly edge: ExecutionEdge;
  /** To a venue elsewhere: opened before the agent's host starts. */
  readonly line?: ExecutionLine;
  /** What came of looking at the venue, so far. */
  readonly reconciliation: () => Reconciliation;
}

/** One account's Execution. Throws ExecutionError `NO_VENUE_FOR_MODE`, `BAD_VENUE_ADDRESS`, `NO_CLOCK`. */
export function makeExecution(config: ExecutionConfig): Execution {
  const { venue, mode, instruments, fence, fenceFresh, nowMs } = config;
  const facts: GateFacts = { config, fence, fenceFresh, nowMs };
  const agent: Agent<ExecutionState, MarketView> = {
    canvas,
    keyOf: (input) => (concerns(config, input) ? config.account : undefined),
    initial: initialState,
    decide: (state, input, context) => decide(config, state, input, context),
    view: marketView,
  };
  const looked = new Looked();
  const reconciliation = () => looked.state;
  if (venue.kind !== "network") {
    const gate = openGate(openPaperVenue({ ...venue, mode, instruments }), facts);
    return { agent, edge: makeEdge(gate, venue.session, looked), reconciliation };
  }
  const startMs = nowMs();
  if (startMs === undefined) throw new ExecutionError("NO_CLOCK", "a venue elsewhere needs a clock from the start");
  const opened = openNetworkVenue({ ...venue, mode, earlierUntilMs: startMs + WINDOW_MS });
  const edge = makeEdge(openGate(opened, facts), venue.session, looked, true);
  return { agent, edge, line: makeLine(opened.line, venue.session, looked), reconciliation };
}

/** Commands are keyed by account; the ledger is everybody's. What else arrives is an answer to us, or about us. */
function concerns({ account }: CoreConfig, input: Input): boolean {
  if (input.kind === "market") return false;
  if (input.kind !== "message") return true;
  return input.type === "order.intent" ? input.body.key === account : input.type === "ledger.entry";
}
