/** A firm with Policy, two approvers and one large order: what every test here starts from. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  Decision,
  KeyPurpose,
  KeyState,
  Mode,
  OrderIntentSchema,
  OrderType,
  Side,
  TimeInForce,
} from "@countersign/contracts";
import { deriveSigner, type GrantFields, Keyring, makeGrant, type Signer } from "@countersign/envelope";
import { type Order, orderFromIntent, parseMoney } from "@countersign/orders";
import { type Approval, type Attempt, intentDigest, issuePermit, type Permit, signApproval } from "../src/index.ts";

export const NOW_MS = 1_700_000_000_000;
const EPOCH = 7n;

const seed = new Uint8Array(32).fill(2);
export const signer = (name: string): Signer => deriveSigner(seed, name);
export const policy = signer("agent.policy");
export const ann = signer("person.ann");
export const bob = signer("person.bob");

const keys = new Keyring();
grant("agent.policy", KeyPurpose.PERMIT);
grant("agent.hedger", KeyPurpose.PERMIT);
grant("person.ann", KeyPurpose.APPROVAL, { person: true });
grant("person.bob", KeyPurpose.APPROVAL, { person: true });
grant("person.bob", KeyPurpose.APPROVAL, { person: true }, "person.bob, second key");
grant("agent.portfolio", KeyPurpose.APPROVAL, { person: true }, "agent.portfolio, approving");
grant("person.carol", KeyPurpose.APPROVAL, { person: true });
grant("robot", KeyPurpose.APPROVAL);
grant("agent.policy", KeyPurpose.PERMIT, { modes: [Mode.REPLAY] }, "agent.policy, replay");
grant("person.ann", KeyPurpose.APPROVAL, { person: true, modes: [Mode.REPLAY] }, "person.ann, replay");
grant("agent.policy", KeyPurpose.PERMIT, { state: KeyState.PENDING }, "agent.policy, pending");

function grant(sender: string, purpose: KeyPurpose, more: Partial<GrantFields> = {}, label = sender): void {
  const times = { validFromMs: 0n, validUntilMs: BigInt(2 * NOW_MS) };
  const fields = { sender, person: false, purpose, modes: [Mode.PAPER], types: [], state: KeyState.ACTIVE, ...times };
  const wrong = keys.grant(makeGrant({ ...fields, ...more }, signer(label)));
  if (wrong !== undefined) throw new Error(wrong);
}

export type IntentFields = Extract<MessageInitShape<typeof OrderIntentSchema>, { $typeName?: never }>;

const intentFields = {
  intentKey: "intent-1",
  account: "acct-1",
  venue: "paper",
  symbol: "AAPL",
  side: Side.SELL,
  quantity: { units: 300n, scale: 0 },
  type: OrderType.LIMIT,
  limitPrice: { units: 18_950n, scale: 2 },
  bandLow: { units: 18_900n, scale: 2 },
  bandHigh: { units: 19_000n, scale: 2 },
  timeInForce: TimeInForce.IOC,
  reduceOnly: true,
  mode: Mode.PAPER,
  proposer: "agent.portfolio",
  principal: "person.carol",
  parent: "intent-1",
  attempt: 1,
  confidence: 0.7,
  explanation: "momentum has turned",
  decidedAtMs: BigInt(NOW_MS),
} satisfies IntentFields;

export function intentOf(fields: IntentFields = {}): Uint8Array {
  return toBinary(OrderIntentSchema, create(OrderIntentSchema, { ...intentFields, ...fields }));
}

export function orderOf(intentBytes: Uint8Array): Order {
  const made = orderFromIntent(intentBytes);
  if (!made.ok) throw new Error(made.text);
  return made.order;
}

export const intent = intentOf();

export function permitFields(fields: Partial<Permit> = {}): Permit {
  return {
    intentDigest: intentDigest(intent),
    permitId: "permit-1",
    policyVersion: new Uint8Array(32).fill(5),
    haltEpoch: EPOCH,
    expiresAtMs: NOW_MS + 10_000,
    approvalIds: ["request-1"],
    ...fields,
  };
}

export function approvalFields(approver: string, fields: Partial<Approval> = {}): Approval {
  return {
    intentDigest: intentDigest(intent),
    approvalId: "request-1",
    decision: Decision.APPROVE,
    haltEpoch: EPOCH,
    expiresAtMs: NOW_MS + 60_000,
    approver,
    ...fields,
  };
}

export const permit = issuePermit(permitFields(), policy);
export const annApproves = signApproval(approvalFields("person.ann"), ann);
export const bobApproves = signApproval(approvalFields("person.bob"), bob);

/** An attempt that is authorised: two approvals needed, two given. */
export function attempt(fields: Partial<Attempt> = {}): Attempt {
  return {
    intentBytes: intent,
    order: orderOf(intent),
    permit,
    approvals: [annApproves, bobApproves],
    keys,
    policy: "agent.policy",
    mode: "paper",
    nowMs: NOW_MS,
    fence: { epoch: EPOCH, halts: [], released: [], head: { seq: 3n, digest: "d" } },
    fenceFresh: true,
    spent: () => false,
    ceiling: { approvalsNeeded: () => 2 },
    parentNotional: parseMoney("56850.00", "USD"),
    held: undefined,
    ...fields,
  };
}
