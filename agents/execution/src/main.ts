import type { FenceState } from "@countersign/contracts";
import type { Mode } from "@countersign/orders";
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
import { openShadowVenue } from "./edge/shadow.ts";

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
  /** Of this account, at the venue; asked for each request. */
  readonly apiKey: () => string;
  /** Names this life of the process, and no other. */
  readonly session: string;
  /** For so long from now on an earlier process may still write what it had accepted. */
  readonly earlierForMs: number;
}

/** The paper exchange in this process, with a durable record: it is written to by nobody else, and writes to nobody. */
export interface ShadowVenue {
  readonly kind: "shadow";
  /** As intents name it: that of the venue which it shadows. */
  readonly name: string;
  /** Where its record is. */
  readonly dir: string;
  readonly latencyMs: number;
  /** Names this life of the process, and no other. */
  readonly session: string;
  readonly note: (text: string) => void;
}

/** What each mode may trade at: here, and nowhere else in the platform, the modes differ. */
const VENUES: Readonly<Record<Mode, readonly string[]>> = {
  replay: ["in-process"],
  paper: ["in-process", "network"],
  shadow: ["shadow"],
  // No adapter of this version sends an order to a market.
  live: [],
};

export interface ExecutionConfig extends CoreConfig {
  readonly venue: InProcessVenue | NetworkVenue | ShadowVenue;
  readonly fence: () => FenceState;
  /** Is the fence younger than its lease? In an embedded replay, where leases are counted and not timed: always. */
  readonly fenceFresh: () => boolean;
  /** Is this process the account's one writer, by a lease that has not run out? Where there can be no other: always. */
  readonly mayWrite: () => boolean;
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
  const { venue, mode, instruments, account, fence, fenceFresh, mayWrite, nowMs } = config;
  if (!VENUES[mode].includes(venue.kind ?? "in-process")) throw noVenue(mode, venue.kind); // P11.venue
  const facts: GateFacts = { config, fence, fenceFresh, mayWrite, nowMs };
  const agent: Agent<ExecutionState, MarketView> = {
    canvas,
    keyOf: (input) => (concerns(config, input) ? config.account : undefined),
    initial: initialState,
    decide: (state, input, context) => decide(config, state, input, context),
    view: marketView,
  };
  const looked = new Looked();
  const reconciliation = () => looked.state;
  const clock = (): number => {
    const now = nowMs();
    if (now === undefined)
      throw new ExecutionError("NO_CLOCK", "a venue with a clock of its own needs one from the start");
    return now;
  };
  if (venue.kind === "shadow") {
    const gate = openGate(openShadowVenue({ ...venue, account, instruments, nowMs: clock }), facts);
    return { agent, edge: makeEdge(gate, venue.session, looked), reconciliation };
  }
  if (venue.kind !== "network") {
    const gate = openGate(openPaperVenue({ ...venue, instruments }), facts);
    return { agent, edge: makeEdge(gate, venue.session, looked), reconciliation };
  }
  const opened = openNetworkVenue({ ...venue, earlierUntilMs: clock() + venue.earlierForMs + WINDOW_MS });
  const edge = makeEdge(openGate(opened, facts), venue.session, looked, true);
  return { agent, edge, line: makeLine(opened.line, venue.session, looked), reconciliation };
}

function noVenue(mode: Mode, kind = "in-process"): ExecutionError {
  const text = VENUES[mode].length === 0 ? "this version trades nowhere in it" : `not at one that is ${kind}`;
  return new ExecutionError("NO_VENUE_FOR_MODE", `there is no such venue in mode ${mode}: ${text}`);
}

/** Commands are keyed by account; the ledger is everybody's. What else arrives is an answer to us, or about us. */
function concerns({ account }: CoreConfig, input: Input): boolean {
  if (input.kind === "market") return false;
  if (input.kind !== "message") return true;
  return input.type === "order.intent" ? input.body.key === account : input.type === "ledger.entry";
}
