/**
 * The seven agents that decide, as they are put together for one account: the same list when they run and when `replay` puts their
 * journals before them again. In the order in which they see a quote: the venue, inside Execution, before those who decide.
 */
import { type ComplianceFigures, makeCompliance } from "@countersign/agent-compliance";
import { type Ceiling, makeExecution } from "@countersign/agent-execution";
import { type HedgerConfig, makeHedger } from "@countersign/agent-hedger";
import { makeOperator } from "@countersign/agent-operator";
import { type Limits, makePolicy, signPermits } from "@countersign/agent-policy";
import { makePortfolio, type PortfolioConfig } from "@countersign/agent-portfolio";
import { makeSignal, type SignalConfig } from "@countersign/agent-signal";
import { type FenceState, KeyPurpose, Mode } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import { signResume } from "@countersign/quorum";
import type { Agent, Edge, Store } from "@countersign/runtime";
import { VALIDATORS } from "./genesis.ts";
import type { ReplayKeys } from "./keys.ts";

/** What a user chooses of a replay; everything here is in the run's folder. */
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

export interface Surroundings {
  readonly replayKeys: ReplayKeys;
  /** As the control log grants them. */
  readonly keys: Keys;
  readonly fence: () => FenceState;
  readonly nowMs: () => number;
}

/** An agent of whatever state and view: the platform only carries it to a host. */
export interface Seat {
  readonly agent: Agent<unknown, unknown>;
  readonly edge: Edge;
  readonly fold: "each" | "step";
}

export interface Agents {
  readonly seats: readonly Seat[];
  /** Compliance's, from its store. */
  readonly figures: (store: Store) => Promise<ComplianceFigures>;
}

/** The words with which trading is opened; the person signs them before the day. */
const OPENING = "the day begins";

const VENUE = "paper";
const mode = "replay";
const MODE = Mode.REPLAY;

export function makeAgents(config: AgentsConfig, { replayKeys, keys, fence, nowMs }: Surroundings): Agents {
  const { account, instruments, limits, hedgeSymbol, traded, strategies, watch } = config;
  const validators = [...VALIDATORS];
  const members = { version: 1n, validators };
  const common = { mode, venue: VENUE, account, instruments, keys, members } as const;
  const execution = makeExecution({
    mode,
    instruments,
    account,
    keys,
    ceiling: config.ceiling,
    validators,
    venue: { name: VENUE, latencyMs: config.venueLatencyMs, session: config.seed },
    fence,
    // In a replay the fence is read at each step, so it is never old.
    fenceFresh: () => true,
    nowMs,
  });
  const permitSigner = replayKeys.signer("policy", KeyPurpose.PERMIT);
  const policy = makePolicy({ account, mode, limits, instruments, keys, permitKeyid: permitSigner.keyid, members });
  const portfolio = makePortfolio({ ...common, bandDeviations: BAND_DEVIATIONS, attemptsMax: 2, ...config.portfolio });
  const hedger = makeHedger({ ...common, hedgeSymbol, window: 60, bandDeviations: BAND_DEVIATIONS, ...config.hedge });
  const signal = makeSignal({ symbols: traded, strategies, ...(watch && { watch }) });
  const compliance = makeCompliance({
    signer: replayKeys.signer("compliance", KeyPurpose.CHECKPOINT),
    account,
    instruments,
    keys,
    mode: MODE,
  });
  const word = replayKeys.signer(config.person, KeyPurpose.APPROVAL);
  const opening = signResume({ haltIds: ["birth"], reason: OPENING, epoch: 0n, person: config.person }, word);
  const operator = makeOperator({
    agents: ["market", "execution", "policy", "portfolio", "hedger", "signal", "compliance", "gateway", ...validators],
    validators,
    consent: { reason: OPENING, signatures: [opening], personsNeeded: 1 },
  });
  const seats = [
    seat(execution.agent, execution.edge),
    seat(policy, signPermits(permitSigner)),
    seat(portfolio),
    seat(hedger),
    seat(signal),
    seat(operator),
    seat(compliance.agent, compliance.edge, "step"),
  ];
  return { seats, figures: (store) => compliance.figures(store) };
}

/** An order's price band: wide enough for a gap of six deviations of one bar. */
const BAND_DEVIATIONS = 6;

/** State and view are the agent's own business from here on. */
function seat<S, V>(agent: Agent<S, V>, edge: Edge = {}, fold: Seat["fold"] = "each"): Seat {
  return { agent: agent as unknown as Seat["agent"], edge, fold };
}
