/**
 * The topic catalogue: every topic and call of the platform, as data. It owns the facts about a topic (what may be on it,
 * how it is delivered, what its key orders); who may write or read it is asked for by the canvases and joined in
 * authority.json (`npm run authority`).
 */
import type { DescMessage } from "@bufbuild/protobuf";
import * as pb from "./messages.ts";

/**
 * `market`: folded into state that is rebuilt from a snapshot and its position; no inbox row, no audit leaf, deduplicated by the
 * high-water mark of (sender, topic, key, seq). `record`: inbox, chain (seq, prev) and an audit leaf.
 */
export type Delivery = "market" | "record";

export interface TypeSpec {
  /** As in the body's `type` field. The version is the topic's: v1. */
  readonly type: string;
  readonly schema: DescMessage;
}

export interface TopicSpec {
  readonly topic: string;
  /** A command asks for something and goes stale; an event states what happened and never does. */
  readonly kind: "command" | "event";
  readonly delivery: Delivery;
  /** What the record key is: the aggregate whose order matters. */
  readonly key: "symbol" | "account" | "agent" | "log";
  readonly retentionDays: number;
  readonly types: readonly TypeSpec[];
}

export interface CallSpec {
  /** Service.Method. In a call's body it stands where a message has its topic. */
  readonly call: string;
  /** Calls that ask for a decision go stale like commands; the others state what happened, or stop what happens, and have no age. */
  readonly ages: boolean;
  readonly request: TypeSpec;
  /** An answer may be a record of its own topic: a verdict is the very message that risk.policy.v1 carries. */
  readonly answers: readonly TypeSpec[];
}

const permitIssued = { type: "permit.issued", schema: pb.PermitIssuedSchema };
const orderRejected = { type: "order.rejected", schema: pb.OrderRejectedSchema };
const orderEscalated = { type: "order.escalated", schema: pb.EscalatedSchema };

export const topics: readonly TopicSpec[] = [
  topic("market.quotes.v1", "event", "market", "symbol", 7, [{ type: "market.quote", schema: pb.QuoteSchema }]),
  topic("market.trades.v1", "event", "market", "symbol", 7, [{ type: "market.trade", schema: pb.TradeSchema }]),
  topic("market.bars.v1", "event", "market", "symbol", 30, [{ type: "market.bar", schema: pb.BarSchema }]),
  topic("signals.market.v1", "event", "record", "symbol", 30, [{ type: "market.signal", schema: pb.SignalSchema }]),
  topic("orders.intent.v1", "command", "record", "account", 7, [
    { type: "order.intent", schema: pb.OrderCommandSchema },
  ]),
  topic("orders.execution.v1", "event", "record", "account", 90, [
    { type: "order.accepted", schema: pb.OrderAcceptedSchema },
    { type: "order.reported", schema: pb.OrderReportedSchema },
    { type: "order.filled", schema: pb.FillSchema },
  ]),
  topic("risk.policy.v1", "event", "record", "account", 90, [permitIssued, orderRejected, orderEscalated]),
  topic("hedges.v1", "event", "record", "account", 30, [{ type: "hedge.placed", schema: pb.HedgePlacedSchema }]),
  topic("approvals.request.v1", "event", "record", "account", 30, [
    { type: "approval.request", schema: pb.ApprovalRequestSchema },
  ]),
  topic("approvals.decision.v1", "command", "record", "account", 30, [
    { type: "approval.decision", schema: pb.ApprovalDecisionSchema },
  ]),
  topic("control.halt.v1", "event", "record", "log", 365, [{ type: "control.entry", schema: pb.EntryPostedSchema }]),
  topic("ledger.entries.v1", "event", "record", "log", 365, [{ type: "ledger.entry", schema: pb.EntryPostedSchema }]),
  topic("audit.records.v1", "event", "record", "agent", 365, [
    { type: "decision.made", schema: pb.DecisionMadeSchema },
    { type: "decision.refused", schema: pb.RefusedSchema },
  ]),
  topic("audit.checkpoint.v1", "event", "market", "log", 30, [
    { type: "audit.checkpoint", schema: pb.CheckpointSchema },
  ]),
  topic("agents.heartbeat.v1", "event", "market", "agent", 1, [
    { type: "agent.heartbeat", schema: pb.HeartbeatSchema },
  ]),
];

export const calls: readonly CallSpec[] = [
  call("PolicyService.Validate", true, { type: "policy.validate", schema: pb.ValidateRequestSchema }, [
    permitIssued,
    orderRejected,
    orderEscalated,
  ]),
  call("HedgerService.Quote", true, { type: "hedge.quote-request", schema: pb.HedgeQuoteRequestSchema }, [
    { type: "hedge.quote", schema: pb.HedgeQuoteSchema },
  ]),
  call("QuorumService.Propose", false, { type: "quorum.propose", schema: pb.ProposeRequestSchema }, [
    { type: "quorum.proposed", schema: pb.ProposeResponseSchema },
  ]),
  call("QuorumService.Vote", false, { type: "quorum.vote-request", schema: pb.VoteRequestSchema }, [
    { type: "quorum.voted", schema: pb.VoteResponseSchema },
  ]),
  call("QuorumService.Read", false, { type: "quorum.read-request", schema: pb.ReadRequestSchema }, [
    { type: "quorum.read", schema: pb.ReadResponseSchema },
  ]),
  call("QuorumService.Cosign", false, { type: "quorum.cosign-request", schema: pb.CosignRequestSchema }, [
    { type: "quorum.cosigned", schema: pb.CosignResponseSchema },
  ]),
  call("HaltService.Halt", false, { type: "halt.request", schema: pb.HaltRequestSchema }, [
    { type: "halt.response", schema: pb.HaltResponseSchema },
  ]),
];

const topicByName = new Map(topics.map((spec) => [spec.topic, spec]));
const callByName = new Map(calls.map((spec) => [spec.call, spec]));
const schemaByType = new Map<string, DescMessage>(
  [...topics.flatMap((spec) => spec.types), ...calls.flatMap((spec) => [spec.request, ...spec.answers])].map((spec) => [
    spec.type,
    spec.schema,
  ]),
);

export function topicSpec(name: string): TopicSpec | undefined {
  return topicByName.get(name);
}

/** What a broker needs to know to hold a topic. */
export interface BrokerTopic {
  readonly topic: string;
  /** Never changed in place: a key would move to another partition, and its order would be lost. */
  readonly partitions: number;
  readonly retentionMs: number;
}

/**
 * The topics as a broker holds them. A log has one order, and so one partition. What is read whole by each of its readers is not shared
 * among replicas: it has as many as there are brokers to write it, because each fetch of each reader pays for every partition. The others
 * leave room for many replicas.
 */
export function brokerTopics(): readonly BrokerTopic[] {
  return topics.map(({ topic, key, delivery, retentionDays }) => ({
    topic,
    partitions: key === "log" ? 1 : delivery === "market" ? 3 : 12,
    retentionMs: retentionDays * 86_400_000,
  }));
}

export function callSpec(name: string): CallSpec | undefined {
  return callByName.get(name);
}

/** The schema of a message type, wherever it travels. */
export function schemaOf(type: string): DescMessage | undefined {
  return schemaByType.get(type);
}

/** How old a command may be when it is executed, ms. */
export const COMMAND_TTL_MS = 30_000;

function topic(
  name: string,
  kind: TopicSpec["kind"],
  delivery: Delivery,
  key: TopicSpec["key"],
  retentionDays: number,
  types: readonly TypeSpec[],
): TopicSpec {
  return { topic: name, kind, delivery, key, retentionDays, types };
}

function call(name: string, ages: boolean, request: TypeSpec, answers: readonly TypeSpec[]): CallSpec {
  return { call: name, ages, request, answers };
}
