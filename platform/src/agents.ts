/**
 * The seven agents that decide, each as it is made for one account: the same functions when they run in one process, when each runs in
 * its own, and when `replay` puts their journals before them again.
 */
import {
  type Compliance,
  type ComplianceFigures,
  type Cosigners,
  type CosignersOptions,
  makeCompliance,
} from "@countersign/agent-compliance";
import {
  type AccountFigures,
  accountFigures,
  type Ceiling,
  type ExecutionLine,
  type ExecutionState,
  makeExecution,
  type NetworkVenue,
  type Reconciliation,
  type ShadowVenue,
} from "@countersign/agent-execution";
import { type HedgerConfig, makeHedger } from "@countersign/agent-hedger";
import { makeOperator, type OperatorConfig } from "@countersign/agent-operator";
import {
  type JudgeFigures,
  judgeFigures,
  type Limits,
  makePolicy,
  type PolicyState,
  signPermits,
} from "@countersign/agent-policy";
import { makePortfolio, type PortfolioConfig } from "@countersign/agent-portfolio";
import { makeSignal, type SignalConfig } from "@countersign/agent-signal";
import { type FenceState, KeyPurpose, Mode, type Signed } from "@countersign/contracts";
import type { Keys, Signer } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import { signResume } from "@countersign/quorum";
import type { Agent, Edge, Store } from "@countersign/runtime";
import { VALIDATORS } from "./genesis.ts";
import type { Signers } from "./keys.ts";

/** What a user chooses; everything here is in the run's folder. */
export interface AgentsConfig {
  readonly seed: string;
  readonly account: string;
  readonly person: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly traded: readonly string[];
  readonly hedgeSymbol: string | undefined;
  readonly strategies: SignalConfig["strategies"];
  readonly watch?: SignalConfig["watch"];
  readonly limits: Limits;
  /** Execution's own: above it persons approve, whatever Policy says. */
  readonly ceiling: Ceiling;
  readonly portfolio: Pick<PortfolioConfig, "targetVolatility" | "weightMax" | "noTradeBand">;
  readonly hedge: Pick<HedgerConfig, "band" | "bandInStress" | "effectivenessMin">;
  readonly venueLatencyMs: number;
}

/** What an agent finds around it, wherever it runs. */
export interface Surroundings {
  readonly mode: keyof typeof modes;
  /** The keys that this process holds: its own agent's, or in one process everybody's. */
  readonly signers: Signers;
  /** As the control log grants them. */
  readonly keys: Keys;
  readonly fence: () => FenceState;
  /** Whether the quorum was heard within the lease. */
  readonly fenceFresh: () => boolean;
  /** Whether this process is Execution's one writer; of no other agent it is asked. */
  readonly mayWrite: () => boolean;
  readonly nowMs: () => number;
  /** Names this life of Execution's process. */
  readonly session: string;
  /** The paper exchange as a program of its own, or of shadow its record; without either, its core runs inside Execution and begins empty. */
  readonly exchange?: Exchange;
}

export type Exchange =
  | Pick<NetworkVenue, "kind" | "url" | "apiKey" | "earlierForMs">
  | Pick<ShadowVenue, "kind" | "dir" | "note">;

/** An agent of whatever state and view: the platform only carries it to a host. */
export interface Seat {
  readonly agent: Agent<unknown, unknown>;
  readonly edge: Edge;
  readonly fold: "each" | "step";
  /** Execution's, to a venue that is another process: opened before its host starts. */
  readonly line?: ExecutionLine;
  /** … and what came of looking at the venue. */
  readonly reconciliation?: () => Reconciliation;
  /** What its state says to whoever watches. */
  readonly watched?: Watched;
  /** Compliance's alone. */
  readonly figures?: (store: Store) => Promise<ComplianceFigures>;
  readonly cosigners?: (around: CosigningAround) => Cosigners;
}

export interface Watched {
  /** Of its aggregate. */
  readonly key: string;
  /** Of a state that was read from its store. */
  tell(state: unknown, nowMs: number): Pick<WatchedFigures, "account" | "judge" | "audit">;
}

interface WatchedFigures {
  readonly account?: AccountFigures;
  readonly judge?: JudgeFigures;
  readonly audit?: ReturnType<Compliance["watched"]>;
}

/** What gathering cosignatures takes beside the seat itself. */
type CosigningAround = Omit<CosignersOptions, "name" | "validators" | "signer" | "keys" | "mode" | "nowMs">;

/** In the order in which they see a quote: the venue, inside Execution, before those who decide; who folds all of it last. */
export const AGENTS = ["execution", "policy", "portfolio", "hedger", "signal", "operator", "compliance"] as const;
export type AgentName = (typeof AGENTS)[number];

/** Who may have several processes, and how many: their store, relay and limits are shared, and that is tried. */
export const REPLICAS_MAX: Readonly<Record<string, number>> = { policy: 5 };

/** The words with which trading is opened; the person signs them before the day. */
const OPENING = "the day begins";

/** As intents name it. */
export const VENUE = "paper";
const members = { version: 1n, validators: [...VALIDATORS] };

export function makeAgents(config: AgentsConfig, around: Surroundings): readonly Seat[] {
  return AGENTS.map((name) => makeAgent(name, config, around));
}

export function makeAgent(name: AgentName, config: AgentsConfig, around: Surroundings): Seat {
  return makers[name](config, around);
}

/** The person's signature under the opening of trading. */
export function signOpening(person: string, word: Signer): Signed {
  return signResume({ haltIds: ["birth"], reason: OPENING, epoch: 0n, person }, word);
}

/** Gathers who is ready and proposes the opening, with what the person has signed; in processes it watches over everybody, too. */
export function operatorSeat(
  signatures: readonly Signed[],
  { watch, edge }: { readonly watch?: OperatorConfig["watch"]; readonly edge?: Edge } = {},
): Seat {
  const others = ["market", ...AGENTS.filter((name) => name !== "operator"), "gateway", ...VALIDATORS];
  const consent = { reason: OPENING, signatures: [...signatures], personsNeeded: signatures.length };
  return seat(makeOperator({ agents: others, validators: [...VALIDATORS], consent, ...(watch && { watch }) }), edge);
}

/** Its words follow from the market alone: so another version may be laid beside it. */
export function signalSeat({ traded, strategies, watch }: Pick<AgentsConfig, "traded" | "strategies" | "watch">): Seat {
  return seat(makeSignal({ symbols: traded, strategies, ...(watch && { watch }) }));
}

type Maker = (config: AgentsConfig, around: Surroundings) => Seat;

const makers: Readonly<Record<AgentName, Maker>> = {
  execution({ account, instruments, ceiling, venueLatencyMs }, around) {
    const { mode, keys, fence, fenceFresh, mayWrite, nowMs, session, exchange } = around;
    const venue = { name: VENUE, latencyMs: venueLatencyMs, session, ...exchange };
    const common = { mode, instruments, account, keys, ceiling, members, venue };
    const { agent, edge, line, reconciliation } = makeExecution({ ...common, fence, fenceFresh, mayWrite, nowMs });
    const watched: Watched = {
      key: account,
      tell: (state, nowMs) => ({ account: accountFigures(state as ExecutionState, nowMs) }),
    };
    return { ...seat(agent, edge), reconciliation, watched, ...(line && { line }) };
  },
  policy({ account, limits, instruments }, { mode, keys, signers }) {
    const signer = signers.signer("policy", KeyPurpose.PERMIT);
    const config = { account, mode, limits, instruments, keys, permitKeyid: signer.keyid, members };
    const watched: Watched = {
      key: account,
      tell: (state, nowMs) => ({ judge: judgeFigures(state as PolicyState, limits, nowMs) }),
    };
    return { ...seat(makePolicy(config), signPermits(signer)), watched };
  },
  portfolio: ({ portfolio, ...config }, around) =>
    seat(makePortfolio({ ...proposing(config, around), attemptsMax: 2, ...portfolio })),
  hedger: ({ hedgeSymbol, hedge, ...config }, around) =>
    seat(makeHedger({ ...proposing(config, around), hedgeSymbol, window: 60, ...hedge })),
  signal: signalSeat,
  operator: ({ person }, { signers }) =>
    operatorSeat([signOpening(person, signers.signer(person, KeyPurpose.APPROVAL))]),
  compliance({ account, instruments }, { mode: name, keys, signers, nowMs }) {
    const mode = modes[name];
    const signer = signers.signer("compliance", KeyPurpose.CHECKPOINT);
    const compliance = makeCompliance({ signer, account, instruments, keys, mode });
    const { agent, edge } = compliance;
    const asking = { name: "compliance", validators: VALIDATORS, keys, mode, nowMs };
    return {
      ...seat(agent, edge, "step"),
      figures: (store) => compliance.figures(store),
      watched: { key: compliance.key, tell: (state) => ({ audit: compliance.watched(state) }) },
      cosigners: (around) =>
        compliance.cosigners({ ...asking, signer: signers.signer("compliance", KeyPurpose.ENVELOPE), ...around }),
    };
  },
};

/** What everybody who asks for orders is told. */
function proposing(config: Pick<AgentsConfig, "account" | "instruments">, { mode, keys }: Surroundings) {
  const { account, instruments } = config;
  return { mode, venue: VENUE, account, instruments, keys, members, bandDeviations: BAND_DEVIATIONS } as const;
}

/** Of the envelopes. */
export const modes = { replay: Mode.REPLAY, paper: Mode.PAPER, shadow: Mode.SHADOW } as const;

/** An order's price band: wide enough for a gap of six deviations of one bar. */
const BAND_DEVIATIONS = 6;

/** State and view are the agent's own business from here on. */
function seat<S, V>(agent: Agent<S, V>, edge: Edge = {}, fold: Seat["fold"] = "each"): Seat {
  return { agent: agent as unknown as Seat["agent"], edge, fold };
}
