/** For tests: instruments, limits, keys and votes: what a Policy finds in its world. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type FenceState,
  KeyPurpose,
  KeyState,
  Mode,
  OrderIntentSchema,
  OrderType,
  Side,
  type Signed,
  TimeInForce,
  TypeGrantSchema,
} from "@countersign/contracts";
import { deriveSigner, type EnvelopeBody, Keyring, makeGrant, type Signer } from "@countersign/envelope";
import { type Instrument, parseInstruments } from "@countersign/orders";
import { signVote } from "@countersign/quorum";
import { parseLimits } from "./core/limits.ts";

export const DAY_MS = 86_400_000;
export const START_MS = Date.parse("2015-06-01T14:30:00Z");
export const openFence: FenceState = { epoch: 1n, halts: [], released: [], head: { seq: 2n, digest: "" } };

const row = { currency: "USD", priceScale: 2, tick: "0.01", halfSpread: "0.01", tradingDaysPerYear: 252 };
export const instruments: ReadonlyMap<string, Instrument> = parseInstruments([
  { ...row, symbol: "AAPL", quantityScale: 0, lot: "1", topSize: "5000", feeBps: "0", tradingHoursPerDay: 6.5 },
  { ...row, symbol: "SPX", quantityScale: 2, lot: "0.01", topSize: "2000", feeBps: "0.5", tradingHoursPerDay: 6.5 },
  {
    ...row,
    symbol: "EUR",
    currency: "EUR",
    quantityScale: 0,
    lot: "1",
    topSize: "10",
    feeBps: "0",
    tradingHoursPerDay: 8,
  },
]);

/** A limits file with these rules. */
export function limitsOf(rules: readonly object[], more: object = {}) {
  const file = {
    name: "test",
    symbols: ["AAPL", "SPX"],
    permitTtlSeconds: 30,
    approvals: { ttlSeconds: 120 },
    rules: rules.map((rule, index) => ({ rule: `rule ${index}`, ...rule })),
    ...more,
  };
  return parseLimits(Buffer.from(JSON.stringify(file, undefined, 2)), "limits/test.json");
}

/** Allows whatever the tests do: a rule has to be there. */
export const generous = {
  metric: "order_notional",
  scope: "account",
  comparator: ">",
  threshold: "999999999",
  action: "reject",
};

export const keys = grantedKeys();
export const members = { version: 1n, validators: ["validator-1", "validator-2", "validator-3"] };

export function signer(name: string): Signer {
  return deriveSigner(new Uint8Array(32).fill(9), name);
}

export interface Ask {
  readonly key?: string;
  readonly symbol?: string;
  readonly side?: "BUY" | "SELL";
  readonly quantity: bigint;
  readonly quantityScale?: number;
  readonly limit?: bigint;
  readonly reduceOnly?: boolean;
  readonly proposer?: string;
  readonly principal?: string;
  readonly parent?: string;
  readonly confidence?: number | undefined;
  readonly account?: string;
  readonly mode?: Mode;
}

export function intentOf(ask: Ask): Uint8Array {
  const symbol = ask.symbol ?? "AAPL";
  const limit = { units: ask.limit ?? (symbol === "AAPL" ? 10_000n : 200_000n), scale: 2 };
  const buys = (ask.side ?? "BUY") === "BUY";
  const intent = create(OrderIntentSchema, {
    intentKey: ask.key ?? "intent",
    account: ask.account ?? "main",
    venue: "paper",
    symbol,
    side: buys ? Side.BUY : Side.SELL,
    quantity: { units: ask.quantity, scale: ask.quantityScale ?? (symbol === "SPX" ? 2 : 0) },
    type: OrderType.LIMIT,
    limitPrice: limit,
    bandLow: { units: buys ? limit.units / 2n : limit.units, scale: 2 },
    bandHigh: { units: buys ? limit.units : limit.units * 2n, scale: 2 },
    timeInForce: TimeInForce.IOC,
    reduceOnly: ask.reduceOnly ?? false,
    mode: ask.mode ?? Mode.REPLAY,
    proposer: ask.proposer ?? "portfolio",
    principal: ask.principal ?? "strategy:trend@1",
    parent: ask.parent ?? ask.key ?? "intent",
  });
  const confidence = "confidence" in ask ? ask.confidence : 0.9;
  if (confidence !== undefined) intent.confidence = confidence;
  return toBinary(OrderIntentSchema, intent);
}

export function voteOf(seq: bigint, entryDigest: Uint8Array, validator: string): Signed {
  return signVote({ log: "ledger", seq, round: 0, membersVersion: 1n, entryDigest, validator }, signer(validator));
}

export function envelopeBody(msgId: string, sender: string, sentAtMs: bigint): EnvelopeBody {
  return {
    msgId,
    type: "quorum.propose",
    version: "v1",
    correlationId: "correlation",
    causationId: "",
    sentAtMs,
    ttlMs: 0,
    sender,
    intent: "BOOK",
    idempotencyKey: "",
    topic: "QuorumService.Propose",
    key: "",
    payload: new Uint8Array(),
  };
}

function grantedKeys(): Keyring {
  const ring = new Keyring();
  const grant = (name: string, sender: string, purpose: KeyPurpose, person = false): void => {
    const proposes = purpose === KeyPurpose.ENVELOPE;
    const types = proposes ? [create(TypeGrantSchema, { type: "quorum.propose", topic: "QuorumService.Propose" })] : [];
    const fields = {
      sender,
      person,
      purpose,
      modes: [Mode.REPLAY],
      types,
      validFromMs: 0n,
      validUntilMs: 4_102_444_800_000n,
      state: KeyState.ACTIVE,
    };
    const wrong = ring.grant(makeGrant(fields, signer(name)));
    if (wrong !== undefined) throw new Error(`${name}: ${wrong}`);
  };
  grant("permit", "policy", KeyPurpose.PERMIT);
  for (const person of ["person:ana", "person:ben"]) grant(person, person, KeyPurpose.APPROVAL, true);
  for (const agent of ["portfolio-approval"]) grant(agent, "portfolio", KeyPurpose.APPROVAL);
  for (const agent of ["execution", "operator"]) grant(agent, agent, KeyPurpose.ENVELOPE);
  for (const name of ["validator-1", "validator-2", "validator-3"]) grant(name, name, KeyPurpose.VOTE);
  return ring;
}
