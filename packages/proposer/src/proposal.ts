/**
 * The life of a proposal, as its proposer sees it:
 *
 *   asked ───── permit.issued ──▶ sent ── order.accepted ──▶ working ── filled, canceled, expired, rejected ──▶ ended
 *     ├─ order.escalated ──▶ waiting ── permit.issued ──▶ sent …
 *     └─ order.rejected, no answer ──▶ ended        sent ── order.rejected: PERMIT_UNUSED ──▶ ended
 *
 * Nothing here decides whether an order may be: it asks Policy, carries the permit to Execution, and listens.
 *
 * 1. Only forward. A verdict comes as the answer and on its topic; what says nothing new at this stage changes nothing.
 * 2. What is sent are the proposer's own bytes, never a copy that came back: a permit for other bytes is Execution's to refuse.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Escalated,
  type Fill,
  type OrderAccepted,
  OrderCommandSchema,
  type OrderRejected,
  type OrderReported,
  type PermitIssued,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { type OrderStatus, orderFromIntent, orderStatuses } from "@countersign/orders";
import type { Cause, Effect, Input } from "@countersign/runtime";

export interface Proposal {
  readonly intentKey: string;
  readonly account: string;
  readonly symbol: string;
  /** As they were written, and are judged. */
  readonly intent: Uint8Array;
  readonly stage: Stage;
  readonly hasFilled: boolean;
  /** The decision it began with: what its messages follow from. */
  readonly cause: Cause;
}

export type Stage = "asked" | "waiting" | "sent" | "working";

/** By intent key. */
export type Proposals = Readonly<Record<string, Proposal>>;

export interface Ended {
  readonly proposal: Proposal;
  readonly outcome: Outcome;
  /** Of who ended it; FILLED, CANCELED … where nobody gave a reason. */
  readonly code: string;
}

/**
 * - `filled`: in whole or in part
 * - `missed`: it was permitted and traded nothing: canceled, expired or never sent
 * - `refused`: by Policy, the gate or the venue
 * - `unanswered`: Policy could not be asked. Never a yes
 */
export type Outcome = "filled" | "missed" | "refused" | "unanswered";

export interface Progress {
  readonly proposals: Proposals;
  readonly effects: readonly Effect[];
  readonly ended?: Ended;
}

export interface Proposed extends Progress {
  readonly intentKey: string;
}

/** Asks Policy for a permit. The call's answer, and everything after it, goes through `advance`. */
export function propose(proposals: Proposals, intent: Uint8Array, cause: Cause): Proposed {
  const made = orderFromIntent(intent);
  if (!made.ok) throw new Error(`broken invariant: an intent of our own is no order: ${made.text}`);
  const { intentKey, account, symbol } = made.order;
  const proposal: Proposal = { intentKey, account, symbol, intent, stage: "asked", hasFilled: false, cause };
  const ask: Effect = {
    kind: "call",
    id: callId(proposal),
    call: "PolicyService.Validate",
    to: "policy",
    type: "policy.validate",
    payload: create(ValidateRequestSchema, { intent }),
    intent: "VALIDATE",
    idempotencyKey: intentKey,
    cause,
  };
  return { intentKey, proposals: { ...proposals, [intentKey]: proposal }, effects: [ask] };
}

/** What an input means to the proposals; the same object when it means nothing. `cause` is the input's. */
export function advance(proposals: Proposals, input: Input, cause: Cause): Progress {
  if (input.kind === "no-answer") {
    const asked = Object.values(proposals).find((one) => one.stage === "asked" && callId(one) === input.id);
    return asked === undefined ? { proposals, effects: [] } : end(proposals, asked, "unanswered", input.code);
  }
  if (input.kind !== "answer" && input.kind !== "message") return { proposals, effects: [] };
  const read = readers[input.type];
  return read === undefined ? { proposals, effects: [] } : read(proposals, input.payload, cause);
}

/** Is an order of the symbol, or the question whether it may be, under way? */
export function isUnderWay(proposals: Proposals, symbol: string): boolean {
  return Object.values(proposals).some((proposal) => proposal.symbol === symbol);
}

type Reader = (proposals: Proposals, payload: unknown, cause: Cause) => Progress;

/** The catalogue gives each of these types its schema, so the type says what the payload is. */
const readers: Readonly<Record<string, Reader>> = {
  "permit.issued": (proposals, payload, cause) => onPermit(proposals, payload as PermitIssued, cause),
  "order.escalated": (proposals, payload) => move(proposals, payload as Escalated, ["asked"], { stage: "waiting" }),
  "order.rejected": (proposals, payload) => onRejected(proposals, payload as OrderRejected),
  "order.accepted": (proposals, payload) => move(proposals, payload as OrderAccepted, ["sent"], { stage: "working" }),
  "order.filled": (proposals, payload) => onFilled(proposals, payload as Fill),
  "order.reported": (proposals, payload) => onReported(proposals, payload as OrderReported),
};

function onPermit(proposals: Proposals, { intentKey, permit, approvals }: PermitIssued, cause: Cause): Progress {
  const proposal = at(proposals, intentKey, ["asked", "waiting"]);
  if (proposal === undefined || permit === undefined) return { proposals, effects: [] };
  const { intent, account } = proposal;
  const submit: Effect = {
    kind: "publish",
    topic: "orders.intent.v1",
    key: account,
    type: "order.intent",
    payload: create(OrderCommandSchema, { command: { case: "submit", value: { intent, permit, approvals } } }),
    intent: "SUBMIT",
    idempotencyKey: proposal.intentKey,
    // It follows from the permit, and belongs to the story that the proposal began.
    cause: { ...cause, correlationId: proposal.cause.correlationId },
  };
  return { proposals: { ...proposals, [proposal.intentKey]: { ...proposal, stage: "sent" } }, effects: [submit] };
}

/** By Policy, or by the person who was asked. An order that was sent is Execution's to end, unless it never heard of it. */
function onRejected(proposals: Proposals, { intentKey, code }: OrderRejected): Progress {
  const unused = code === "PERMIT_UNUSED" ? at(proposals, intentKey, ["sent"]) : undefined;
  if (unused !== undefined) return end(proposals, unused, "missed", "PERMIT_UNUSED");
  const proposal = at(proposals, intentKey, ["asked", "waiting"]);
  return proposal === undefined ? { proposals, effects: [] } : end(proposals, proposal, "refused", code || "REJECTED");
}

function onFilled(proposals: Proposals, { intentKey }: Fill): Progress {
  if (at(proposals, intentKey, ["sent", "working"])?.hasFilled !== false) return { proposals, effects: [] };
  return move(proposals, { intentKey }, ["sent", "working"], { hasFilled: true });
}

function onReported(proposals: Proposals, { intentKey, status, code }: OrderReported): Progress {
  const proposal = at(proposals, intentKey, ["sent", "working"]);
  const word = orderStatuses.fromWire(status);
  const outcome = word === undefined ? undefined : outcomes[word];
  if (proposal === undefined || outcome === undefined) return { proposals, effects: [] };
  return end(proposals, proposal, proposal.hasFilled ? "filled" : outcome, code || (word ?? ""));
}

/** What a status ends an order as; the others end none. */
const outcomes: Readonly<Partial<Record<OrderStatus, Outcome>>> = {
  FILLED: "filled",
  CANCELED: "missed",
  EXPIRED: "missed",
  NOT_SENT: "missed",
  REJECTED: "refused",
};

/** The proposal that a message speaks of, when it is at a stage to which the message says something. */
function at(proposals: Proposals, intentKey: string | undefined, stages: readonly Stage[]): Proposal | undefined {
  const proposal = intentKey === undefined ? undefined : proposals[intentKey];
  return proposal !== undefined && stages.includes(proposal.stage) ? proposal : undefined;
}

function move(
  proposals: Proposals,
  { intentKey }: { readonly intentKey?: string | undefined },
  from: readonly Stage[],
  change: Partial<Proposal>,
): Progress {
  const proposal = at(proposals, intentKey, from);
  if (proposal === undefined) return { proposals, effects: [] };
  return { proposals: { ...proposals, [proposal.intentKey]: { ...proposal, ...change } }, effects: [] };
}

function end(proposals: Proposals, proposal: Proposal, outcome: Outcome, code: string): Progress {
  const { [proposal.intentKey]: _, ...left } = proposals;
  return { proposals: left, effects: [], ended: { proposal, outcome, code } };
}

function callId({ intentKey }: Proposal): string {
  return `validate ${intentKey}`;
}
