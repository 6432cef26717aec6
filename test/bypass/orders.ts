/** The thief's orders: too far from the market to trade, so that one that gets through is seen and moves nothing. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  Decision,
  KeyPurpose,
  Mode,
  OrderIntentSchema,
  OrderType,
  Side,
  type Signed,
  type SubmitOrder,
  TimeInForce,
} from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import {
  type Approval,
  intentDigest,
  issuePermit,
  type Permit,
  readApproval,
  readPermit,
  signApproval,
} from "@countersign/permit";
import { MALLORY, type Thief } from "./thief.ts";

export type IntentFields = Extract<MessageInitShape<typeof OrderIntentSchema>, { $typeName?: never }>;

export interface Wanted {
  readonly intent: Uint8Array;
  readonly key: string;
}

/** Below the ceiling, and below what a person is asked for. */
const SMALL = 10_000n;
/** Above both. */
export const LARGE = { units: 60_000n, scale: 0 };

/** A band around the market, as a person approves it. */
const LIMIT = {
  type: OrderType.LIMIT,
  limitPrice: { units: 100_000n, scale: 5 },
  bandLow: { units: 50_000n, scale: 5 },
  bandHigh: { units: 200_000n, scale: 5 },
  timeInForce: TimeInForce.IOC,
} satisfies IntentFields;

/** Triggered by the first quote, and then a limit at the edge of its band. */
export const STOP = {
  type: OrderType.STOP,
  stopPrice: { units: 99_500n, scale: 5 },
  bandLow: { units: 99_000n, scale: 5 },
  bandHigh: { units: 100_000n, scale: 5 },
  timeInForce: TimeInForce.GTC,
} satisfies IntentFields;

/** An order to buy euros for a dollar each, at the price of no market of these days. */
export function wanted(thief: Thief, fields: IntentFields = {}): Wanted {
  const key = fields.intentKey ?? thief.unique();
  const intent = {
    intentKey: key,
    account: thief.account,
    venue: "paper",
    symbol: "EURUSD",
    side: Side.BUY,
    quantity: { units: SMALL, scale: 0 },
    ...LIMIT,
    reduceOnly: false,
    mode: Mode.PAPER,
    proposer: "portfolio",
    principal: "strategy:theft@00",
    parent: key,
    attempt: 1,
    decidedAtMs: BigInt(Date.now()),
  } satisfies IntentFields;
  const { limitPrice, ...unlimited } = intent;
  const limit = fields.type === OrderType.STOP ? {} : { limitPrice };
  return { intent: toBinary(OrderIntentSchema, create(OrderIntentSchema, { ...unlimited, ...limit, ...fields })), key };
}

/** A permit for this intent by whatever key; what is not given is as in Policy's own permit. */
export function forge(intent: Uint8Array, signer: Signer, like: SubmitOrder, fields: Partial<Permit> = {}): Signed {
  const permit = permitIn(like);
  const permitId = `${permit.permitId} forged ${Buffer.from(intentDigest(intent)).toString("hex")}`;
  return issuePermit({ ...permit, permitId, intentDigest: intentDigest(intent), ...fields }, signer);
}

export interface Forgery {
  /** An order with an honest permit, after which the other is forged; without, one is got. */
  readonly like?: SubmitOrder;
  readonly fields?: Partial<Permit>;
  readonly approvals?: readonly Signed[];
}

/** An order under a permit that was forged with whatever key; what comes of it. */
export async function send(
  thief: Thief,
  signer: Signer,
  { intent, key }: Wanted,
  { like: given, fields = {}, approvals = [] }: Forgery = {},
): Promise<string> {
  const like = given ?? (await thief.permitted(wanted(thief).intent));
  const approvalIds = approvals.map((one) => wordOf(one).approvalId);
  const permit = forge(intent, signer, like, { approvalIds, ...fields });
  return thief.submit({ ...like, intent, permit, approvals: [...approvals] }, key);
}

export function permitIn({ permit }: SubmitOrder): Permit {
  const read = readPermit(permit?.payload ?? new Uint8Array());
  if (read === undefined) throw new Error("an order without a permit");
  return read;
}

/** Mallory's own yes, unless these fields say otherwise. */
export function yesOf(thief: Thief, intent: Uint8Array, fields: Partial<Approval> = {}): Signed {
  const times = { haltEpoch: thief.desk.fence.state().epoch, expiresAtMs: Date.now() + 60_000 };
  const word = {
    intentDigest: intentDigest(intent),
    approvalId: thief.unique(),
    decision: Decision.APPROVE,
    approver: MALLORY,
  };
  return signApproval({ ...word, ...times, ...fields }, thief.signer(MALLORY, KeyPurpose.APPROVAL));
}

/** What a person has signed. */
export function wordOf({ payload }: Signed): Approval {
  const word = readApproval(payload ?? new Uint8Array());
  if (word === undefined) throw new Error("a person's word that cannot be read");
  return word;
}
