/** Every record becomes a leaf, at the end of a step the log's head becomes a checkpoint, and what the records say becomes figures. */
import { create } from "@bufbuild/protobuf";
import {
  auditOrigin,
  bodyBytesOf,
  breakText,
  type ChainBreak,
  foldRecord,
  formatCheckpoint,
  headOf,
  takeCheckpoint,
} from "@countersign/audit";
import { CheckpointSchema, DecisionMadeSchema, type EntryPosted, Mode } from "@countersign/contracts";
import { peekPropose, readEntry } from "@countersign/quorum";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import { type ComplianceConfig, DAILY } from "../config.ts";
import type { EquityPoint } from "./equity.ts";
import { encodePoint } from "./equity.ts";
import { endReportPeriod, foldEarly, foldReport } from "./report.ts";
import { COSIGN, type ComplianceState, EQUITY, LEAVES } from "./state.ts";
import { type MarketView, PERIOD, type PeriodEnd, type PeriodOver, periodEnd } from "./view.ts";

type Message = Extract<Input, { kind: "message" }>;

export function decide(
  config: ComplianceConfig,
  state: ComplianceState,
  input: Input,
  context: Context<MarketView>,
): Decision<ComplianceState> {
  switch (input.kind) {
    case "message":
      return recordMessage(config, state, input, context.view);
    case "tick":
      return checkpoint(config, state);
    case "market":
      return input.name === PERIOD
        ? endPeriod(config, state, periodEnd(context.view, input.data as PeriodOver, config.period ?? DAILY))
        : { state, effects: [] };
    default:
      return { state, effects: [] };
  }
}

function recordMessage(
  config: ComplianceConfig,
  state: ComplianceState,
  input: Message,
  view: MarketView,
): Decision<ComplianceState> {
  const { body, bytes, digest } = input;
  const folded = foldRecord(state.log, { body, bodyBytes: bodyBytesOf(bytes), digest });
  if (folded.kind === "known") return { state, effects: [] };
  const { leafIndex, problem } = folded;
  const leaf: Effect = { kind: "append", stream: LEAVES, seq: BigInt(leafIndex) + 1n, bytes };
  const genesis = state.genesis ?? genesisOf(input);
  const context = { ...config, genesis, view };
  const isFirst = state.genesis === undefined && genesis !== undefined;
  const before = isFirst ? foldEarly(state.report, context) : { report: state.report, points: [] };
  // A fork is evidence against its sender, and says nothing about the account.
  const { report, point } =
    problem?.code === "FORK" ? { report: before.report } : foldReport(before.report, input, context);
  const effects = [leaf, ...before.points.flatMap(pointEffect), ...pointEffect(point)];
  if (problem !== undefined) effects.push(...breakEffects(problem)); // P08.gap
  return { state: { log: folded.state, genesis, report }, effects };
}

/**
 * The note is signed by the edge, which has the key. A checkpoint is a lease: outside a replay it is said at each tick, and where nothing has
 * come it is the last one again.
 */
function checkpoint({ mode }: ComplianceConfig, state: ComplianceState): Decision<ComplianceState> {
  if (state.genesis === undefined) return { state, effects: [] };
  const taken = takeCheckpoint(state.log);
  if (taken === undefined && mode === Mode.REPLAY) return { state, effects: [] };
  const { size, root, chains } = taken?.head ?? headOf(state.log);
  const note = formatCheckpoint({ origin: auditOrigin(state.genesis.platform), size, root });
  const payload = create(CheckpointSchema, { note, size: BigInt(size), root, chains: [...chains] });
  const effect: Effect = {
    kind: "publish",
    topic: "audit.checkpoint.v1",
    key: "audit",
    type: "audit.checkpoint",
    payload,
    intent: "CHECKPOINT",
  };
  if (taken === undefined) return { state, effects: [effect] };
  // Once it is committed: nobody is asked to cosign a checkpoint that was decided upon in vain.
  const act: Effect = { kind: "act", name: COSIGN, data: payload };
  return { state: { ...state, log: taken.state }, effects: [effect, act] };
}

function endPeriod(config: ComplianceConfig, state: ComplianceState, end: PeriodEnd): Decision<ComplianceState> {
  const { report, point } = endReportPeriod(state.report, end, config);
  return point === undefined ? { state, effects: [] } : { state: { ...state, report }, effects: pointEffect(point) };
}

function pointEffect(point: EquityPoint | undefined): Effect[] {
  if (point === undefined) return [];
  return [{ kind: "append", stream: EQUITY, seq: point.seq, bytes: encodePoint(point) }];
}

function breakEffects(problem: ChainBreak): Effect[] {
  const { sender, topic, key, code } = problem;
  const explanation = `${breakText(problem)}; no checkpoint names this chain any further`;
  const payload = create(DecisionMadeSchema, {
    subject: `${sender} ${topic} ${key}`,
    decision: `AUDIT_${code}`,
    features: [
      { name: "expected", value: Number(problem.expected) },
      { name: "got", value: Number(problem.got) },
    ],
    explanation,
  });
  return [
    { kind: "alert", code: `AUDIT_${code}`, text: explanation },
    {
      kind: "publish",
      topic: "audit.records.v1",
      key: "compliance",
      type: "decision.made",
      payload,
      intent: "NAME",
    },
  ];
}

/** The validators told of it; which genesis they have is configured with them, and is what an offline verifier compares. */
function genesisOf({ type, payload }: Message): ComplianceState["genesis"] {
  const entry = type === "control.entry" ? readEntry((payload as EntryPosted).entry ?? new Uint8Array()) : undefined;
  const content = entry?.seq === 1n ? peekPropose(entry.proposes[0]!)?.request.content : undefined;
  if (content?.case !== "genesis") return undefined;
  const { platform, validators, membersVersion: version } = content.value;
  return platform && version !== undefined ? { platform, members: { version, validators } } : undefined;
}
