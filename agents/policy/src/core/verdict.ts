/** From what the check says to what the proposer hears. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ApprovalRequestSchema,
  EscalatedSchema,
  OrderRejectedSchema,
  type Mark as PbMark,
  PermitIssuedSchema,
  PermitSchema,
  type Signed,
  SignedSchema,
} from "@countersign/contracts";
import { businessKey, payloadType } from "@countersign/envelope";
import { markToWire } from "@countersign/ledger";
import { money, moneyToWire } from "@countersign/orders";
import { intentDigest } from "@countersign/permit";
import type { Cause, Context, Effect, PublishEffect } from "@countersign/runtime";
import { workingOrders } from "./book-after.ts";
import type { Judged } from "./check.ts";
import { personsNeeded } from "./limits.ts";
import { countPermit } from "./recent.ts";
import { alert, approvalTimer, verdict } from "./records.ts";
import type { PolicyCode } from "./refusal.ts";
import { familyWorth, reserve } from "./reservation.ts";
import type { Scene } from "./scene.ts";
import type { PolicyState, Waiting } from "./state.ts";
import type { PolicyView } from "./view.ts";
import { orderInWords } from "./words.ts";

/** Whom the verdict goes to: the caller, or a proposer who has been waiting since. */
export interface Addressee {
  readonly account: string;
  readonly reply?: true;
  readonly cause?: Cause;
}

export interface Reached {
  readonly state: PolicyState;
  readonly effects: readonly Effect[];
}

export function rejected(
  intent: Uint8Array,
  intentKey: string | undefined,
  why: { readonly code: PolicyCode; readonly explanation: string; readonly judged: Judged | undefined },
  to: Addressee,
): PublishEffect {
  const payload = create(OrderRejectedSchema, {
    intent,
    ...(intentKey === undefined ? {} : { intentKey }),
    code: why.code,
    explanation: why.explanation,
    rules: [...(why.judged?.judgement.results ?? [])],
    marks: why.judged === undefined ? [] : marksOf(why.judged.scene),
  });
  return verdict({ type: "order.rejected", payload, intent: "REJECT" }, to);
}

/** The permit and the reservation are one state change. The permit still lacks its signature: see edge/sign-permit.ts. */
export function issue(
  intent: Uint8Array,
  { scene, judgement }: Judged,
  approvals: { readonly ids: readonly string[]; readonly signed: readonly Signed[] },
  { nowMs, fence }: Context<PolicyView>,
  to: Addressee,
): Reached {
  const { order, config, state, money: account } = scene;
  const { digest, permitTtlMs, rules } = config.limits;
  const permitId = businessKey("permit", order.intentKey, Buffer.from(digest).toString("hex"), fence.epoch.toString());
  const expiresAtMs = nowMs + permitTtlMs;
  const permit = create(PermitSchema, {
    intentDigest: intentDigest(intent),
    permitId,
    policyVersion: digest,
    haltEpoch: fence.epoch,
    expiresAtMs: BigInt(expiresAtMs),
    approvalIds: [...approvals.ids],
  });
  const reserved = reserve(state, order, { permitId, expiresAtMs, stage: "permitted", nowMs });
  const amount = money(reserved.orders[order.intentKey]?.reserved ?? 0n, account.scale, account.currency);
  const payload = create(PermitIssuedSchema, {
    intentKey: order.intentKey,
    intent,
    permit: create(SignedSchema, { payloadType: payloadType("permit", "v1"), payload: toBinary(PermitSchema, permit) }),
    approvals: [...approvals.signed],
    rules: [...judgement.results],
    marks: marksOf(scene),
    reserved: moneyToWire(amount),
    explanation: [`within all ${rules.length} limits`, ...judgement.warnings.map((text) => `warning: ${text}`)].join(
      "; ",
    ),
  });
  const recent = countPermit(state.recent, order, nowMs);
  return {
    state: { ...reserved, recent },
    effects: [
      verdict({ type: "permit.issued", payload, intent: "PERMIT" }, to),
      ...judgement.warnings.map((text) => alert("LIMIT_WARNING", text)),
    ],
  };
}

/** A person is asked. Nothing is reserved: what is not allowed yet holds no capital. */
export function escalate(intent: Uint8Array, judged: Judged, context: Context<PolicyView>, to: Addressee): Reached {
  const { scene, judgement } = judged;
  const { order, config, state, instrument } = scene;
  const { epoch } = context.fence;
  const approvalId = businessKey("approval", order.intentKey, epoch.toString());
  const expiresAtMs = context.nowMs + config.limits.approvals.ttlMs;
  const { intentKey } = order;
  const waiting: Waiting = { approvalId, intentKey, intent, epoch, expiresAtMs, approvals: {}, cause: context.cause };
  const escalated = create(EscalatedSchema, {
    intentKey,
    intent,
    approvalId,
    expiresAtMs: BigInt(expiresAtMs),
    rules: [...judgement.results],
    marks: marksOf(scene),
    explanation: judgement.escalate.join("; "),
  });
  const request = create(ApprovalRequestSchema, {
    approvalId,
    intentDigest: intentDigest(intent),
    intent,
    haltEpoch: epoch,
    expiresAtMs: BigInt(expiresAtMs),
    approvalsNeeded: personsNeeded(config.limits, familyWorth(state, order)),
    words: `${orderInWords(order, instrument)}, for ${order.principal}, proposed by ${order.proposer}: ${judgement.escalate.join("; ")}`,
    intentKey,
  });
  return {
    state: { ...state, waiting: { ...state.waiting, [approvalId]: waiting } },
    effects: [
      verdict({ type: "order.escalated", payload: escalated, intent: "ESCALATE" }, to),
      {
        kind: "publish",
        topic: "approvals.request.v1",
        key: order.account,
        type: "approval.request",
        payload: request,
        intent: "ASK",
      },
      { kind: "timer", id: approvalTimer(approvalId), dueMs: expiresAtMs, data: { approvalId } },
    ],
  };
}

/** The prices that were used: of what is held the closing side, of the rest the side that would be traded. */
function marksOf(scene: Scene): PbMark[] {
  const { state, view, order } = scene;
  const symbols = new Set([...Object.keys(state.book.positions), ...workingOrders(scene).map(({ symbol }) => symbol)]);
  return [...symbols].sort().flatMap((symbol) => {
    const quote = view.symbols.get(symbol)?.quote;
    if (quote === undefined) return [];
    const held = state.book.positions[symbol]?.quantity.units;
    const sells = held === undefined ? symbol === order.symbol && order.side === "SELL" : held > 0n;
    return [markToWire({ symbol, price: sells ? quote.bid : quote.ask, quote: quote.ref })];
  });
}
