/** A firm with one account, Policy, Portfolio, Ann and Bob, and 1,000,000 USD: what every test here starts from. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  BodySchema,
  Decision,
  EntryPostedSchema,
  type FenceState,
  HaltRequestSchema,
  KeyPurpose,
  KeyState,
  Log,
  Mode,
  MoneySchema,
  OrderCommandSchema,
  OrderIntentSchema,
  OrderType,
  ProposeRequestSchema,
  QuoteSchema,
  type Role,
  Side,
  type Signed,
  SignedSchema,
  type SubmitOrder,
  SubmitOrderSchema,
  TimeInForce,
} from "@countersign/contracts";
import {
  deriveSigner,
  type EnvelopeBody,
  type KeyRecord,
  Keyring,
  type Keys,
  makeGrant,
  type Signer,
} from "@countersign/envelope";
import { type Instrument, orderFromIntent, parseInstruments, parseMoney } from "@countersign/orders";
import { type Approval, intentDigest, issuePermit, type Permit, signApproval } from "@countersign/permit";
import { buildEntry, emptyHead, type Members, signVote } from "@countersign/quorum";
import type { Input, MarketMessage } from "@countersign/runtime";
import type { ExecutionConfig, InProcessVenue } from "../src/main.ts";

export const NOW_MS = 1_700_000_000_000;
export const EPOCH = 7n;
/** After a certified resume that named these. */
export const resumed = (...haltIds: string[]): FenceState => ({ ...OPEN, released: haltIds });
export const OPEN: FenceState = { epoch: EPOCH, halts: [], released: [], head: { seq: 3n, digest: "00" } };

const seed = new Uint8Array(32).fill(9);
export const signer = (label: string): Signer => deriveSigner(seed, label);
export const keys = new Keyring();
grant("policy", KeyPurpose.PERMIT, false);
grant("hedger", KeyPurpose.PERMIT, false);
grant("person:ann", KeyPurpose.APPROVAL, true);
grant("person:bob", KeyPurpose.APPROVAL, true);
export const members: Members = { version: 1n, validators: ["validator-1", "validator-2", "validator-3"] };
for (const validator of members.validators) grant(validator, KeyPurpose.VOTE, false);

/** The same keys, where the control log gives this person these roles, and an amount in cents of a dollar. */
export function keysWith(person: string, roles: readonly Role[], cents?: bigint): Keys {
  const approvesUpTo =
    cents === undefined ? undefined : create(MoneySchema, { units: cents, scale: 2, currency: "USD" });
  return keysWhere(person, { standing: { roles, approvesUpTo } });
}

/** The same keys, where this sender's have been taken away. */
export function keysWithout(sender: string, reason: "superseded" | "compromised" = "superseded"): Keys {
  return keysWhere(sender, { state: KeyState.REVOKED, reason, revokedAtMs: NOW_MS - 1 });
}

function keysWhere(sender: string, change: Partial<KeyRecord>): Keys {
  return {
    find(keyid) {
      const key = keys.find(keyid);
      return key?.sender === sender ? { ...key, ...change } : key;
    },
  };
}

function grant(sender: string, purpose: KeyPurpose, person: boolean): void {
  const times = { validFromMs: 0n, validUntilMs: BigInt(2 * NOW_MS) };
  const modes = [Mode.PAPER, Mode.REPLAY, Mode.SHADOW];
  const fields = { sender, person, purpose, modes, types: [], state: KeyState.ACTIVE, ...times };
  const wrong = keys.grant(makeGrant(fields, signer(sender)));
  if (wrong !== undefined) throw new Error(wrong);
}

const row = (symbol: string, currency: string) => ({
  symbol,
  currency,
  priceScale: 2,
  tick: "0.01",
  quantityScale: 0,
  lot: "1",
  halfSpread: "0.01",
  topSize: "5000",
  feePerUnit: "0.005",
  tradingDaysPerYear: 252,
  tradingHoursPerDay: 6.5,
});
export const instrumentRows = [row("AAPL", "USD"), row("MSFT", "USD"), row("SAP", "EUR")];
export const instruments: ReadonlyMap<string, Instrument> = parseInstruments(instrumentRows);

export const config: ExecutionConfig & { readonly venue: InProcessVenue } = {
  account: "main",
  mode: "paper",
  keys,
  instruments,
  ceiling: { notional: parseMoney("100000.00", "USD"), persons: 1 },
  members,
  venue: { name: "paper", latencyMs: 0, session: "s1" },
  fence: () => OPEN,
  fenceFresh: () => true,
  mayWrite: () => true,
  nowMs: () => NOW_MS,
};

export type IntentFields = Extract<MessageInitShape<typeof OrderIntentSchema>, { $typeName?: never }>;

/** A buy of 100 AAPL at 190.00 or better. */
export function intentOf(fields: IntentFields = {}): Uint8Array {
  const intent = {
    intentKey: "intent-1",
    account: "main",
    venue: "paper",
    symbol: "AAPL",
    side: Side.BUY,
    quantity: { units: 100n, scale: 0 },
    type: OrderType.LIMIT,
    limitPrice: { units: 19_000n, scale: 2 },
    bandLow: { units: 18_000n, scale: 2 },
    bandHigh: { units: 20_000n, scale: 2 },
    timeInForce: TimeInForce.GTC,
    reduceOnly: false,
    mode: Mode.PAPER,
    proposer: "portfolio",
    principal: "strategy:trend@ab12",
    parent: fields.intentKey ?? "intent-1",
    attempt: 1,
    decidedAtMs: BigInt(NOW_MS),
  } satisfies IntentFields;
  return toBinary(OrderIntentSchema, create(OrderIntentSchema, { ...intent, ...fields }));
}

export function permitFor(intent: Uint8Array, fields: Partial<Permit> = {}, by = "policy"): Signed {
  const permit: Permit = {
    intentDigest: intentDigest(intent),
    permitId: `permit of ${Buffer.from(intentDigest(intent)).toString("hex")}`,
    policyVersion: new Uint8Array(32).fill(5),
    haltEpoch: EPOCH,
    expiresAtMs: NOW_MS + 10_000,
    approvalIds: [],
    ...fields,
  };
  return issuePermit(permit, signer(by));
}

export function approvalOf(
  intent: Uint8Array,
  approver: string,
  fields: Partial<Approval> = {},
  by = approver,
): Signed {
  const approval: Approval = {
    intentDigest: intentDigest(intent),
    approvalId: "request-1",
    decision: Decision.APPROVE,
    haltEpoch: EPOCH,
    expiresAtMs: NOW_MS + 60_000,
    approver,
    ...fields,
  };
  return signApproval(approval, signer(by));
}

export function submitOf(
  intent: Uint8Array,
  { permit = permitFor(intent), approvals = [] }: { permit?: Signed; approvals?: Signed[] } = {},
): SubmitOrder {
  return create(SubmitOrderSchema, { intent, permit, approvals });
}

export function orderOf(intent: Uint8Array) {
  const made = orderFromIntent(intent);
  if (!made.ok) throw new Error(made.text);
  return made.order;
}

export function submitCommand(submit: SubmitOrder, sender = "portfolio"): Input {
  return command(create(OrderCommandSchema, { command: { case: "submit", value: submit } }), sender);
}

export function cancelCommand(intentKey: string): Input {
  const value = { account: "main", intentKey, reason: "not wanted any more" };
  return command(create(OrderCommandSchema, { command: { case: "cancel", value } }), "portfolio");
}

export function haltCall(haltId: string, level: number, scope = "all"): Input {
  const payload = create(HaltRequestSchema, { halt: { haltId, level, scope, reason: "enough", by: "person:ann" } });
  return { kind: "call", call: "HaltService.Halt", type: "halt.request", body: bodyOf("person:ann"), payload };
}

/** A deposit in the ledger, as its topic announces it, with the votes of these. */
export function depositEntry(units = 100_000_000n, voters: readonly string[] = members.validators): Input {
  const value = { depositId: "d1", account: "main", amount: { units, scale: 2, currency: "USD" } };
  const request = create(ProposeRequestSchema, { opId: "op", log: Log.LEDGER, content: { case: "deposit", value } });
  const body = create(BodySchema, { sentAtMs: BigInt(NOW_MS), payload: toBinary(ProposeRequestSchema, request) });
  const propose = toBinary(SignedSchema, create(SignedSchema, { payload: toBinary(BodySchema, body) }));
  const entry = buildEntry("ledger", emptyHead, [propose]);
  const vote = { log: "ledger", seq: 1n, round: 0, membersVersion: 1n, entryDigest: entry.digest } as const;
  return {
    kind: "message",
    topic: "ledger.entries.v1",
    type: "ledger.entry",
    body: bodyOf("validator-1", "ledger"),
    payload: create(EntryPostedSchema, { entry: entry.bytes }),
    attached: voters.map((validator) => signVote({ ...vote, validator }, signer(validator))),
    ...DELIVERED,
  };
}

let quotes = 0;

/** Bid and ask in cents, sizes in shares. */
export function quote(symbol: string, bid: number, ask: number, size = 5_000, timeMs = NOW_MS): MarketMessage {
  const value = create(QuoteSchema, {
    symbol,
    bidUnits: BigInt(bid),
    askUnits: BigInt(ask),
    priceScale: 2,
    bidSizeUnits: BigInt(size),
    askSizeUnits: BigInt(size),
    quantityScale: 0,
    eventTimeMs: BigInt(timeMs),
  });
  const seq = BigInt(++quotes);
  return {
    type: "market.quote",
    value,
    ref: { msgId: `quote-${seq}`, seq, digest: new Uint8Array(32).fill(Number(seq % 256n)) },
  };
}

function command(payload: Extract<Input, { kind: "message" }>["payload"], sender: string): Input {
  const body = bodyOf(sender);
  return {
    kind: "message",
    topic: "orders.intent.v1",
    type: "order.intent",
    body,
    payload,
    attached: [],
    ...DELIVERED,
  };
}

/** Execution does not look at the envelope: its pipeline has. */
const DELIVERED = { bytes: new Uint8Array(0), digest: new Uint8Array(32) };

let messages = 0;

function bodyOf(sender: string, key = "main"): EnvelopeBody {
  const msgId = `msg-${++messages}`;
  const names = {
    type: "order.intent",
    version: "v1",
    topic: "orders.intent.v1",
    intent: "SUBMIT",
    idempotencyKey: "",
  };
  const ids = { msgId, correlationId: `correlation of ${msgId}`, causationId: "" };
  return { ...names, ...ids, sender, key, sentAtMs: BigInt(NOW_MS), ttlMs: 30_000, payload: new Uint8Array(0) };
}
