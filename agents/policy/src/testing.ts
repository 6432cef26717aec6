/** For tests: one Policy at its desk, with real keys, a real quorum of votes, and the clock in the test's hand. */
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import {
  BarSchema,
  DepositSchema,
  EntryPostedSchema,
  type Escalated,
  type FenceState,
  FillSchema,
  HaltRequestSchema,
  HeartbeatSchema,
  KeyPurpose,
  KeyState,
  Mode,
  OrderAcceptedSchema,
  OrderIntentSchema,
  type OrderRejected,
  OrderReportedSchema,
  OrderStatus,
  OrderType,
  type PermitIssued,
  type ProposeRequest,
  ProposeRequestSchema,
  QuoteSchema,
  Side,
  type Signed,
  TimeInForce,
  TypeGrantSchema,
  ValidateRequestSchema,
} from "@countersign/contracts";
import {
  deriveMsgId,
  deriveSigner,
  type EnvelopeBody,
  Keyring,
  makeGrant,
  type Signer,
  seal,
} from "@countersign/envelope";
import { type Instrument, money, moneyToWire, parseInstruments } from "@countersign/orders";
import { buildEntry, emptyHead, type Head, opIdOf, signVote } from "@countersign/quorum";
import { type Context, decodeJson, type Effect, effectsDigest, encodeJson, type Input } from "@countersign/runtime";
import { parseLimits } from "./core/limits.ts";
import type { PolicyState } from "./core/state.ts";
import type { PolicyView } from "./core/view.ts";
import { makePolicy, type PolicyConfig } from "./index.ts";

export const DAY_MS = 86_400_000;
export const START_MS = Date.parse("2015-06-01T14:30:00Z");
export const openFence: FenceState = { epoch: 1n, halts: [], head: { seq: 2n, digest: "" } };

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

export class Desk {
  readonly config: PolicyConfig;
  readonly policy;
  readonly view: PolicyView;
  state: PolicyState;
  fence = openFence;
  nowMs = START_MS;
  auditTrailing = 0;
  readonly inputs: { readonly input: Input; readonly context: Context<PolicyView>; readonly digest: string }[] = [];
  ledger: Head = emptyHead;
  #count = 0;

  constructor(rules: readonly object[] = [generous], more: object = {}, config: Partial<PolicyConfig> = {}) {
    this.config = {
      account: "main",
      mode: "replay",
      limits: limitsOf(rules, more),
      instruments,
      keys,
      permitKeyid: signer("permit").keyid,
      members,
      ...config,
    };
    this.policy = makePolicy(this.config);
    this.view = this.policy.view.create();
    this.state = this.policy.initial("main");
  }

  /** A desk with money and quotes: AAPL at 100.00, SPX at 2000.00. */
  static open(rules?: readonly object[], more?: object, config?: Partial<PolicyConfig>): Desk {
    const desk = new Desk(rules, more, config);
    desk.quote("AAPL", 10_000n, 10_000n);
    desk.quote("SPX", 200_000n, 200_000n);
    desk.deposit(10_000_000n);
    return desk;
  }

  /** The same desk, time and market under other rules. */
  judgedBy(rules: readonly object[]): Desk {
    const desk = new Desk(rules);
    desk.state = this.state;
    desk.nowMs = this.nowMs;
    const snapshot = JSON.parse(JSON.stringify(this.policy.view.snapshot(this.view)));
    for (const [name, symbol] of desk.policy.view.restore(snapshot).symbols) desk.view.symbols.set(name, symbol);
    return desk;
  }

  /** One input: state in is frozen, state out is what a store would give back. */
  take(input: Input): readonly Effect[] {
    if (this.policy.keyOf(input) === undefined) return [];
    const context: Context<PolicyView> = {
      nowMs: this.nowMs,
      view: this.view,
      fence: this.fence,
      auditTrailing: this.auditTrailing,
      cause: { msgId: this.#msgId(), correlationId: "correlation" },
    };
    const { state, effects } = this.policy.decide(deepFreeze(this.state), input, context);
    this.state = decodeJson(encodeJson(state)) as PolicyState;
    this.inputs.push({ input, context, digest: effectsDigest(effects) });
    return effects;
  }

  /** The size in hundredths; null: the source does not say. */
  quote(symbol: string, bid: bigint, ask: bigint, size: bigint | null = 500_000n): void {
    const value = create(QuoteSchema, {
      symbol,
      bidUnits: bid,
      askUnits: ask,
      priceScale: 2,
      ...(size === null ? {} : { bidSizeUnits: size, askSizeUnits: size, quantityScale: 2 }),
      eventTimeMs: BigInt(this.nowMs),
    });
    this.policy.view.fold(this.view, { type: "market.quote", value, ref: this.#ref() });
  }

  bar(symbol: string, close: bigint): readonly Effect[] {
    const value = create(BarSchema, {
      symbol,
      openTimeMs: BigInt(this.nowMs - DAY_MS),
      closeTimeMs: BigInt(this.nowMs),
      closeUnits: close,
      priceScale: 2,
    });
    const trigger = this.policy.view.fold(this.view, { type: "market.bar", value, ref: this.#ref() });
    return trigger === undefined ? [] : this.take({ kind: "market", ...trigger });
  }

  ask(ask: Ask, sender = ask.proposer ?? "portfolio"): Verdict {
    return this.validate(intentOf(ask), sender);
  }

  validate(intent: Uint8Array, sender = "portfolio"): Verdict {
    const payload = create(ValidateRequestSchema, { intent });
    const input = { kind: "call", call: "PolicyService.Validate", type: "policy.validate", payload } as const;
    return verdictOf(this.take({ ...input, body: this.#body(sender, "policy.validate") }));
  }

  message(type: string, sender: string, payload: Message, attached: readonly Signed[] = []): readonly Effect[] {
    const topic = type.startsWith("order.") ? "orders.execution.v1" : type;
    const body = this.#body(sender, type);
    const bytes = new Uint8Array();
    return this.take({ kind: "message", topic, type, body, payload, attached, bytes, digest: bytes });
  }

  halt(haltId: string, scope = "all", level = 1): readonly Effect[] {
    const payload = create(HaltRequestSchema, { halt: { haltId, level, scope, reason: "test", by: "person:ana" } });
    const input = { kind: "call", call: "HaltService.Halt", type: "halt.request", payload } as const;
    return this.take({ ...input, body: this.#body("person:ana", "halt.request") });
  }

  setFence(fence: FenceState): readonly Effect[] {
    this.fence = fence;
    return this.take({ kind: "fence", fence });
  }

  deposit(units: bigint): readonly Effect[] {
    const amount = moneyToWire(money(units, 2, "USD"));
    const depositId = `deposit ${this.#count}`;
    const value = create(DepositSchema, { depositId, account: "main", amount, by: "operator" });
    return this.entry({ case: "deposit", value }, "operator");
  }

  /** A certified ledger entry of one proposal. */
  entry(content: ProposeRequest["content"], sender = "execution", voters = members.validators): readonly Effect[] {
    const request = create(ProposeRequestSchema, { log: 2, content });
    request.opId = opIdOf(request) ?? "";
    const body = {
      ...envelopeBody(this.#msgId(), sender, BigInt(this.nowMs)),
      payload: toBinary(ProposeRequestSchema, request),
    };
    const entry = buildEntry("ledger", this.ledger, [seal(body, signer(sender)).bytes]);
    const votes = voters.map((validator) => voteOf(entry.seq, entry.digest, validator));
    this.ledger = entry;
    return this.message("ledger.entry", "validator-1", create(EntryPostedSchema, { entry: entry.bytes }), votes);
  }

  /** Execution took the permit. */
  accept(ask: Ask, permitId = "permit"): void {
    const intent = intentOf(ask);
    const intentKey = ask.key ?? "intent";
    this.message(
      "order.accepted",
      "execution",
      create(OrderAcceptedSchema, { intentKey, permitId, account: "main", intent }),
    );
  }

  report(ask: Ask, status: OrderStatus = OrderStatus.CANCELED, place = "venue"): void {
    const intentKey = ask.key ?? "intent";
    this.message(
      "order.reported",
      "execution",
      create(OrderReportedSchema, { intentKey, account: "main", status, place }),
    );
  }

  fill(ask: Ask, quantity: bigint, price: bigint, fillId = `fill ${this.#count}`, commission = 0n) {
    const fill = {
      fillId,
      executionId: fillId,
      intentKey: ask.key ?? "intent",
      account: "main",
      symbol: ask.symbol ?? "AAPL",
      side: (ask.side ?? "BUY") === "BUY" ? Side.BUY : Side.SELL,
      lastQty: { units: quantity, scale: ask.quantityScale ?? 0 },
      lastPx: { units: price, scale: 2 },
      commission: { units: commission, scale: 2, currency: "USD" },
      transactTimeMs: BigInt(this.nowMs),
      principal: ask.principal ?? "strategy:trend@1",
    };
    const message = create(FillSchema, fill);
    return { message, effects: this.message("order.filled", "execution", message) };
  }

  heartbeat(consumedThroughMs: number, sender = "execution"): void {
    const payload = create(HeartbeatSchema, { agent: sender, consumedThroughMs: BigInt(consumedThroughMs) });
    this.message("agent.heartbeat", sender, payload);
  }

  #body(sender: string, type: string): EnvelopeBody {
    return { ...envelopeBody(this.#msgId(), sender, BigInt(this.nowMs)), type, key: "main" };
  }

  #ref() {
    return { msgId: this.#msgId(), seq: BigInt(this.#count), digest: new Uint8Array(32).fill(this.#count % 256) };
  }

  #msgId(): string {
    this.#count += 1;
    return deriveMsgId({ timeMs: this.nowMs, sender: "test", causationId: `${this.#count}`, effectIndex: 0 });
  }
}

export interface Verdict {
  readonly type: string;
  /** The refusal's code. */
  readonly code: string | undefined;
  readonly issued: PermitIssued | undefined;
  readonly escalated: Escalated | undefined;
  readonly rejected: OrderRejected | undefined;
  readonly rules: PermitIssued["rules"];
  readonly effects: readonly Effect[];
}

export function verdictOf(effects: readonly Effect[]): Verdict {
  const said = effects.find((effect) => effect.kind === "publish" && effect.topic === "risk.policy.v1");
  if (said?.kind !== "publish") throw new Error("Policy gave no verdict");
  const issued = said.type === "permit.issued" ? (said.payload as PermitIssued) : undefined;
  const rejected = said.type === "order.rejected" ? (said.payload as OrderRejected) : undefined;
  const escalated = said.type === "order.escalated" ? (said.payload as Escalated) : undefined;
  const rules = (issued ?? rejected ?? escalated)?.rules ?? [];
  return { type: said.type, code: rejected?.code, issued, rejected, escalated, rules, effects };
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

/** Bytes stay as they are: a typed array cannot be frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

function voteOf(seq: bigint, entryDigest: Uint8Array, validator: string): Signed {
  return signVote({ log: "ledger", seq, round: 0, membersVersion: 1n, entryDigest, validator }, signer(validator));
}

function envelopeBody(msgId: string, sender: string, sentAtMs: bigint): EnvelopeBody {
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
