/** Orders, their evidence and their fills, right in all but what a test changes. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  Decision,
  type Fill,
  FillSchema,
  FillsBookedSchema,
  Mode,
  type OrderIntent,
  OrderIntentSchema,
  OrderType,
  Side,
  type Signed,
  type SubmitOrder,
  SubmitOrderSchema,
  TimeInForce,
} from "@countersign/contracts";
import { businessKey, type Signer } from "@countersign/envelope";
import { clientOrderId } from "@countersign/orders";
import { intentDigest, issuePermit, signApproval } from "@countersign/permit";
import type { MarketRef } from "@countersign/runtime";
import { approvalKey, type Content, policyKey, timeMs } from "./world.ts";

export interface OrderOptions {
  readonly intent?: MessageInitShape<typeof OrderIntentSchema>;
  /** The permit's fields where they are not right. */
  readonly permit?: Partial<Parameters<typeof issuePermit>[0]>;
  readonly signer?: Signer;
  readonly approvals?: readonly Signed[];
}

export function orderOf(intentKey: string, options: OrderOptions = {}): { submit: SubmitOrder; intent: OrderIntent } {
  const usual: MessageInitShape<typeof OrderIntentSchema> = {
    intentKey,
    account: "main",
    venue: "paper",
    symbol: "AAPL",
    side: Side.BUY,
    quantity: { units: 100n, scale: 0 },
    type: OrderType.MARKET,
    bandLow: { units: 99_00n, scale: 2 },
    bandHigh: { units: 101_00n, scale: 2 },
    timeInForce: TimeInForce.IOC,
    reduceOnly: false,
    mode: Mode.REPLAY,
    proposer: "portfolio",
    principal: "strategy:trend@00",
    parent: intentKey,
    attempt: 0,
    decidedAtMs: BigInt(timeMs),
  };
  const intent = create(OrderIntentSchema, { ...usual, ...options.intent } as typeof usual);
  const bytes = toBinary(OrderIntentSchema, intent);
  const permit = {
    intentDigest: intentDigest(bytes),
    permitId: businessKey("permit", intentKey),
    policyVersion: new Uint8Array(32),
    haltEpoch: 1n,
    expiresAtMs: timeMs + 30_000,
    approvalIds: [],
    ...options.permit,
  };
  const signed = issuePermit(permit, options.signer ?? policyKey);
  const approvals = [...(options.approvals ?? [])];
  return { intent, submit: create(SubmitOrderSchema, { intent: bytes, permit: signed, approvals }) };
}

export function approvalOf(intentKey: string, fields: Partial<Parameters<typeof signApproval>[0]> = {}): Signed {
  const { submit } = orderOf(intentKey);
  const approval = {
    intentDigest: intentDigest(submit.intent!),
    approvalId: "a1",
    decision: Decision.APPROVE,
    haltEpoch: 1n,
    expiresAtMs: timeMs + 30_000,
    approver: "person:bob",
    ...fields,
  };
  return signApproval(approval, approvalKey("person:bob"));
}

export function fillOf(intent: OrderIntent, executionId: string, quote: MarketRef, fields: Partial<Fill> = {}): Fill {
  const { account = "", venue = "", symbol = "", side = Side.BUY, proposer = "", principal = "" } = intent;
  const clientId = clientOrderId(intent.intentKey ?? "");
  const usual: MessageInitShape<typeof FillSchema> = {
    fillId: businessKey("fill", venue, account, executionId),
    executionId,
    clientOrderId: clientId,
    intentKey: intent.intentKey ?? "",
    account,
    venue,
    symbol,
    side,
    lastQty: { units: 100n, scale: 0 },
    lastPx: { units: 100_01n, scale: 2 },
    commission: { units: 1_00n, scale: 2, currency: "USD" },
    transactTimeMs: BigInt(timeMs),
    quote: { symbol, ...quote },
    proposer,
    principal,
  };
  return create(FillSchema, { ...usual, ...fields } as typeof usual);
}

/** Fills of AAPL, valued at the bid of the quote. */
export function fillsOf(
  fills: readonly Fill[],
  orders: readonly SubmitOrder[],
  mark: { readonly units: bigint; readonly quote?: MarketRef | undefined } | undefined,
): Content {
  const quote = mark?.quote === undefined ? {} : { quote: { symbol: "AAPL", ...mark.quote } };
  const marks = mark === undefined ? [] : [{ symbol: "AAPL", price: { units: mark.units, scale: 2 }, ...quote }];
  const fields = { account: "main", fills: [...fills], orders: [...orders], marks };
  return { case: "fills", value: create(FillsBookedSchema, fields) };
}
