/**
 * The life of a proposal, as its proposer sees it:
 *
 *   asked ── permit.issued ──▶ sent ── order.accepted ──▶ working ── filled, canceled, expired, rejected ──▶ ended
 *     └── order.escalated ──▶ waiting ── permit.issued ──▶ …
 *     └── order.rejected, no answer ──▶ ended
 *
 * Nothing here decides whether an order may be: it asks Policy, carries the permit to Execution, and listens.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Escalated,
  type Fill,
  type OrderAccepted,
  OrderCommandSchema,
  type OrderRejected,
  type OrderReported,
  OrderStatus,
  type PermitIssued,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { orderFromIntent } from "@countersign/orders";
import type { Cause, Effect, Input } from "@countersign/runtime";

export interface Proposal {
  readonly intentKey: string;
  readonly symbol: string;
  readonly stage: "asked" | "waiting" | "sent" | "working";
  readonly attempt: number;
  readonly hasFilled: boolean;
  /** The decision it began with: what its messages follow from. */
  readonly cause: Cause;
}

/** By intent key. */
export type Proposals = Readonly<Record<string, Proposal>>;

export interface Ended {
  readonly proposal: Proposal;
  /** `filled` in whole or in part; otherwise the code of who ended it. */
  readonly outcome: { readonly filled: true } | { readonly filled: false; readonly code: string };
}

export interface Progress {
  readonly proposals: Proposals;
  readonly effects: readonly Effect[];
  readonly ended: Ended | undefined;
}

/** Asks Policy for a permit. The call's answer, and everything after it, goes through `advance`. */
export function propose(
  proposals: Proposals,
  { intentKey, bytes, symbol, attempt }: { intentKey: string; bytes: Uint8Array; symbol: string; attempt: number },
  cause: Cause,
): Progress {
  const proposal: Proposal = { intentKey, symbol, stage: "asked", attempt, hasFilled: false, cause };
  const ask: Effect = {
    kind: "call",
    id: callId(intentKey),
    call: "PolicyService.Validate",
    to: "policy",
    type: "policy.validate",
    payload: create(ValidateRequestSchema, { intent: bytes }),
    intent: "VALIDATE",
    idempotencyKey: intentKey,
    cause,
  };
  return { proposals: { ...proposals, [intentKey]: proposal }, effects: [ask], ended: undefined };
}

/** What an input means to the proposals; the same object when it means nothing. */
export function advance(proposals: Proposals, input: Input, cause: Cause): Progress {
  const unchanged: Progress = { proposals, effects: [], ended: undefined };
  if (input.kind === "no-answer") {
    const proposal = Object.values(proposals).find(({ intentKey }) => callId(intentKey) === input.id);
    return proposal === undefined ? unchanged : end(proposals, proposal, input.code);
  }
  if (input.kind !== "answer" && input.kind !== "message") return unchanged;
  const said = read(input.type, input.payload);
  const proposal = said?.intentKey === undefined ? undefined : proposals[said.intentKey];
  if (said === undefined || proposal === undefined) return unchanged;
  const move = (stage: Proposal["stage"], effects: readonly Effect[] = []): Progress => ({
    proposals: { ...proposals, [proposal.intentKey]: { ...proposal, stage } },
    effects,
    ended: undefined,
  });
  switch (said.type) {
    case "permit.issued":
      // The verdict comes as the answer and on the topic; whichever is first carries the permit on.
      if (proposal.stage !== "asked" && proposal.stage !== "waiting") return unchanged;
      return move("sent", [submit(said.payload, cause)]);
    case "order.escalated":
      return move("waiting");
    case "order.rejected":
      return end(proposals, proposal, said.payload.code ?? "REJECTED");
    case "order.accepted":
      return move("working");
    case "order.filled":
      return { ...unchanged, proposals: { ...proposals, [proposal.intentKey]: { ...proposal, hasFilled: true } } };
    case "order.reported":
      return isEnd(said.payload.status) ? end(proposals, proposal, endCode(said.payload)) : unchanged;
  }
}

function submit({ intent, permit, approvals, intentKey }: PermitIssued, cause: Cause): Effect {
  if (intent === undefined || permit === undefined || intentKey === undefined)
    throw new Error("a permit without its intent");
  const read = orderFromIntent(intent);
  if (!read.ok) throw new Error(`a permit for an intent that is no order: ${read.text}`);
  const { account } = read.order;
  return {
    kind: "publish",
    topic: "orders.intent.v1",
    key: account,
    type: "order.intent",
    payload: create(OrderCommandSchema, { command: { case: "submit", value: { intent, permit, approvals } } }),
    intent: "SUBMIT",
    idempotencyKey: intentKey,
    cause,
  };
}

function end(proposals: Proposals, proposal: Proposal, code: string): Progress {
  const { [proposal.intentKey]: _, ...left } = proposals;
  const outcome = proposal.hasFilled ? { filled: true as const } : { filled: false as const, code };
  return { proposals: left, effects: [], ended: { proposal, outcome } };
}

type Said =
  | { type: "permit.issued"; payload: PermitIssued; intentKey: string | undefined }
  | { type: "order.rejected"; payload: OrderRejected; intentKey: string | undefined }
  | { type: "order.escalated"; payload: Escalated; intentKey: string | undefined }
  | { type: "order.accepted"; payload: OrderAccepted; intentKey: string | undefined }
  | { type: "order.filled"; payload: Fill; intentKey: string | undefined }
  | { type: "order.reported"; payload: OrderReported; intentKey: string | undefined };

const known = new Set([
  "permit.issued",
  "order.rejected",
  "order.escalated",
  "order.accepted",
  "order.filled",
  "order.reported",
]);

/** The catalogue gives each of these types its schema, so the type says what the payload is. */
function read(type: string, payload: unknown): Said | undefined {
  if (!known.has(type)) return undefined;
  const said = { type, payload } as Said;
  return { ...said, intentKey: said.payload.intentKey };
}

const ends: ReadonlySet<OrderStatus> = new Set([
  OrderStatus.FILLED,
  OrderStatus.CANCELED,
  OrderStatus.EXPIRED,
  OrderStatus.REJECTED,
  OrderStatus.NOT_SENT,
]);

function isEnd(status: OrderStatus | undefined): boolean {
  return status !== undefined && ends.has(status);
}

function endCode({ code, status }: OrderReported): string {
  return code || OrderStatusNames[status ?? OrderStatus.UNSPECIFIED] || "ENDED";
}

const OrderStatusNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(OrderStatus).map(([name, value]) => [value, name]),
);

function callId(intentKey: string): string {
  return `validate ${intentKey}`;
}
