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
  OrderAcceptedSchema,
  type OrderRejected,
  OrderReportedSchema,
  OrderStatus,
  type PermitIssued,
  type ProposeRequest,
  ProposeRequestSchema,
  QuoteSchema,
  Side,
  type Signed,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { deriveMsgId, type EnvelopeBody, seal } from "@countersign/envelope";
import { money, moneyToWire } from "@countersign/orders";
import { buildEntry, emptyHead, type Head, opIdOf } from "@countersign/quorum";
import { type Context, decodeJson, type Effect, effectsDigest, encodeJson, type Input } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import type { PolicyState } from "./core/state.ts";
import type { PolicyView } from "./core/view.ts";
import { makePolicy, type PolicyConfig } from "./index.ts";
import {
  type Ask,
  DAY_MS,
  envelopeBody,
  generous,
  instruments,
  intentOf,
  keys,
  limitsOf,
  members,
  openFence,
  START_MS,
  signer,
  voteOf,
} from "./testing-world.ts";

export class Desk {
  readonly config: PolicyConfig;
  readonly policy;
  readonly view: PolicyView;
  state: PolicyState;
  fence = openFence;
  nowMs = START_MS;
  auditTrailing = 0;
  auditStale = false;
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
    desk.auditTrailing = this.auditTrailing;
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
      auditStale: this.auditStale,
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

  bar(symbol: string, close: bigint, lengthMs = DAY_MS): readonly Effect[] {
    const value = create(BarSchema, {
      symbol,
      openTimeMs: BigInt(this.nowMs - lengthMs),
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

  heartbeat(
    consumedThroughMs: number,
    sender = "execution",
    closed?: { readonly haltId: string; readonly reason: string },
  ): readonly Effect[] {
    const payload = create(HeartbeatSchema, {
      ...{ agent: sender, consumedThroughMs: BigInt(consumedThroughMs) },
      ...(closed && { closed }),
    });
    return this.message("agent.heartbeat", sender, payload);
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
