/** For tests: a desk with real keys and votes, and the inputs and market messages that a proposer sees. */
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  BarSchema,
  DepositSchema,
  EntryPostedSchema,
  type FenceState,
  FillSchema,
  KeyPurpose,
  KeyState,
  Log,
  Mode,
  type OrderIntent,
  OrderIntentSchema,
  ProposeRequestSchema,
  QuoteSchema,
  type Signed,
  TypeGrantSchema,
} from "@countersign/contracts";
import { deriveSigner, type EnvelopeBody, Keyring, makeGrant, type Signer, seal } from "@countersign/envelope";
import { type Instrument, moneyToWire, parseInstruments, parseMoney, type Side, sides } from "@countersign/orders";
import { buildEntry, emptyHead, opIdOf, signVote } from "@countersign/quorum";
import type { Attached, Cause, Effect, Input, MarketMessage, PublishEffect } from "@countersign/runtime";
import type { Desk } from "./desk.ts";

export const START_MS = Date.parse("2015-06-01T14:30:00Z");
export const DAY_MS = 86_400_000;
export const openFence: FenceState = { epoch: 1n, halts: [], released: [], head: { seq: 2n, digest: "" } };
export const haltedFence: FenceState = { ...openFence, halts: [{ id: "h1", level: 1, scope: { kind: "all" } }] };

const row = { currency: "USD", priceScale: 2, tick: "0.01", tradingDaysPerYear: 252, tradingHoursPerDay: 6.5 };
/** AAPL: whole shares at 0.005 USD each; SPX: hundredths at half a basis point. */
export const instruments: ReadonlyMap<string, Instrument> = parseInstruments([
  { ...row, symbol: "AAPL", quantityScale: 0, lot: "1", halfSpread: "0.01", topSize: "5000", feePerUnit: "0.005" },
  { ...row, symbol: "MSFT", quantityScale: 0, lot: "1", halfSpread: "0.01", topSize: "5000", feePerUnit: "0.005" },
  { ...row, symbol: "SPX", quantityScale: 2, lot: "0.01", halfSpread: "0.25", topSize: "2000", feeBps: "0.5" },
]);

export const members = { version: 1n, validators: ["validator-1", "validator-2", "validator-3"] };
export const desk: Desk = {
  account: "main",
  venue: "paper",
  mode: "replay",
  instruments,
  keys: grantLedger(new Keyring()),
  members,
};

export function signerOf(name: string): Signer {
  return deriveSigner(new Uint8Array(32).fill(5), name);
}

/** The n-th message of this test: what an input is caused by. */
export function causeOf(n: number): Cause {
  return { msgId: `cause-${n}`, correlationId: `story-${n}` };
}

export function message(type: string, payload: Message, attached: Attached = []): Extract<Input, { kind: "message" }> {
  const none = new Uint8Array();
  return { kind: "message", topic: "any", type, body: bodyOf(type), payload, attached, bytes: none, digest: none };
}

export function answer(id: string, type: string, payload: Message): Input {
  return { kind: "answer", id, type, body: bodyOf(type), payload };
}

export function noAnswer(id: string, code = "UNAVAILABLE"): Input {
  return { kind: "no-answer", id, code };
}

/** A deposit of so many USD as the ledger posts it, certified by these validators. */
export function deposit(amount: string, depositId = "d1", voters = members.validators): Input {
  const { bytes, votes } = depositEntry(amount, depositId, voters);
  return message("ledger.entry", create(EntryPostedSchema, { entry: bytes }), votes);
}

export function depositEntry(amount: string, depositId = "d1", voters = members.validators) {
  const value = create(DepositSchema, {
    depositId,
    account: "main",
    amount: moneyToWire(parseMoney(amount, "USD", 2)),
  });
  const request = create(ProposeRequestSchema, { log: Log.LEDGER, content: { case: "deposit", value } });
  request.opId = opIdOf(request) ?? "";
  const body = { ...bodyOf("quorum.propose"), payload: toBinary(ProposeRequestSchema, request) };
  const { seq, digest, bytes } = buildEntry("ledger", emptyHead, [seal(body, signerOf("operator")).bytes]);
  const votes = voters.map((validator): Signed => {
    const vote = { log: "ledger" as const, seq, round: 0, membersVersion: 1n, entryDigest: digest, validator };
    return signVote(vote, signerOf(validator));
  });
  return { bytes, votes };
}

export interface FillOf {
  readonly symbol: string;
  readonly side: Side;
  /** Units of the instrument's quantity scale, and of its price scale. */
  readonly quantity: bigint;
  readonly price: bigint;
  readonly intentKey?: string;
  readonly account?: string;
}

export function fillMessage({ symbol, side, quantity, price, intentKey = "", account = "main" }: FillOf) {
  const { quantityScale = 0, priceScale = 2 } = instruments.get(symbol) ?? {};
  return create(FillSchema, {
    fillId: `fill of ${intentKey} ${quantity} at ${price}`,
    intentKey,
    account,
    symbol,
    side: sides.toWire(side),
    lastQty: { units: quantity, scale: quantityScale },
    lastPx: { units: price, scale: priceScale },
    commission: { units: 0n, scale: 2, currency: "USD" },
    transactTimeMs: BigInt(START_MS),
  });
}

export function filled(fill: FillOf): Input {
  return message("order.filled", fillMessage(fill));
}

/** Prices in units of the price scale; an undefined one is missing. */
export function quote(symbol: string, bid: bigint | undefined, ask: bigint | undefined, seq = 1): MarketMessage {
  const prices = { ...(bid !== undefined && { bidUnits: bid }), ...(ask !== undefined && { askUnits: ask }) };
  const sizes = { bidSizeUnits: 5_000n, askSizeUnits: 5_000n, quantityScale: 0 };
  const value = create(QuoteSchema, { symbol, ...prices, priceScale: 2, ...sizes, eventTimeMs: BigInt(START_MS) });
  return { type: "market.quote", value, ref: refOf(`${symbol} quote ${seq}`, seq) };
}

/** The n-th bar of the symbol, a day long; prices in units of the price scale. */
export function bar(symbol: string, close: bigint, n: number, lengthMs = DAY_MS): MarketMessage {
  const openTimeMs = BigInt(START_MS + n * lengthMs);
  const prices = { openUnits: close, highUnits: close, lowUnits: close, closeUnits: close, priceScale: 2 };
  const times = { openTimeMs, closeTimeMs: openTimeMs + BigInt(lengthMs) };
  const value = create(BarSchema, { symbol, ...times, ...prices, volumeUnits: 0n, quantityScale: 0 });
  return { type: "market.bar", value, ref: refOf(`${symbol} bar ${n}`, n) };
}

/** What is published, of this type. */
export function published(effects: readonly Effect[], type: string): readonly PublishEffect[] {
  return effects.flatMap((effect) => (effect.kind === "publish" && effect.type === type ? [effect] : []));
}

/** The intents that Policy is asked about. */
export function proposed(effects: readonly Effect[]): readonly OrderIntent[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== "call" || effect.call !== "PolicyService.Validate" || !("intent" in effect.payload)) return [];
    return [fromBinary(OrderIntentSchema, effect.payload.intent as Uint8Array)];
  });
}

/** Codes of the decisions that went on record. */
export function decisions(effects: readonly Effect[]): readonly string[] {
  return published(effects, "decision.made").map(({ payload }) =>
    "decision" in payload ? `${payload.decision}` : "?",
  );
}

function refOf(msgId: string, seq: number) {
  return { msgId, seq: BigInt(seq), digest: new Uint8Array(32).fill(seq % 256) };
}

function bodyOf(type: string): EnvelopeBody {
  return {
    msgId: "01010101-0101-7101-8101-010101010101",
    type,
    version: "v1",
    correlationId: "story",
    causationId: "",
    sentAtMs: BigInt(START_MS),
    ttlMs: 0,
    sender: "operator",
    intent: "TEST",
    idempotencyKey: "",
    topic: "QuorumService.Propose",
    key: "",
    payload: new Uint8Array(),
  };
}

/** The keys behind `deposit`: who may propose one, and whose votes certify it. */
export function grantLedger(ring: Keyring): Keyring {
  const grant = (sender: string, purpose: KeyPurpose, ...types: readonly { type: string; topic: string }[]): void => {
    const fields = {
      sender,
      person: false,
      purpose,
      modes: [Mode.REPLAY],
      types: types.map((one) => create(TypeGrantSchema, one)),
      validFromMs: 0n,
      validUntilMs: 4_102_444_800_000n,
      state: KeyState.ACTIVE,
    };
    const wrong = ring.grant(makeGrant(fields, signerOf(sender)));
    if (wrong !== undefined) throw new Error(`${sender}: ${wrong}`);
  };
  grant("operator", KeyPurpose.ENVELOPE, { type: "quorum.propose", topic: "QuorumService.Propose" });
  for (const validator of members.validators) grant(validator, KeyPurpose.VOTE);
  return ring;
}
