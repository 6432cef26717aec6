/**
 * An intruder who holds Portfolio's key, rights and all, and sits where Portfolio sits: what he says carries Portfolio's signature and
 * continues its chain. He tries every door at once, in the moment after a real order was accepted, when its permit is fresh.
 *
 * This list is what the demo shows and what the test of promise P01 runs: each attempt names the code, and the place, that must refuse.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ApprovalDecisionSchema,
  Decision,
  DepositSchema,
  FillSchema,
  Log,
  type OrderCommand,
  OrderCommandSchema,
  type OrderIntent,
  OrderIntentSchema,
  type OrderReported,
  OrderStatus,
  PermitIssuedSchema,
  ProposeRequestSchema,
  type Refused,
  ResumeSchema,
  type Signed,
  type SubmitOrder,
  SubmitOrderSchema,
} from "@countersign/contracts";
import {
  businessKey,
  deriveMsgId,
  type EnvelopeBody,
  emptyChain,
  openEnvelope,
  type Signer,
  seal,
} from "@countersign/envelope";
import { type Money, moneyToWire, orderFromIntent, quantity, quantityToWire } from "@countersign/orders";
import { intentDigest, issuePermit, readPermit, signApproval } from "@countersign/permit";
import { opIdOf, signResume } from "@countersign/quorum";
import { type PublishEffect, payloadOf, RpcError } from "@countersign/runtime";
import type { Embedded } from "./embedded.ts";

export interface Attempt {
  readonly name: string;
  readonly code: string;
  readonly place: string;
  readonly go: (tools: Tools) => Promise<void>;
}

export interface AttackReport {
  readonly tried: number;
  readonly refused: number;
  /** Attempts that were not refused as they must be. */
  readonly through: readonly string[];
}

/** What he has: the stolen key, Portfolio's place on the bus, and what he has seen go by. */
interface Tools {
  readonly signer: Signer;
  /** As Portfolio, in its chain. */
  readonly say: (effect: PublishEffect) => Promise<void>;
  /** Any bytes on any topic. */
  readonly throwIn: (topic: string, key: string, bytes: Uint8Array) => void;
  /** A call with any bytes; resolves when it was refused. */
  readonly call: (call: string, server: string, type: string, payload: Uint8Array) => Promise<void>;
  /** A command whose order was accepted just now, and one of long ago. */
  readonly fresh: SubmitOrder;
  readonly old: SubmitOrder;
  readonly nowMs: number;
  readonly account: string;
  readonly deposit: Money;
}

/** `waitFor` fills have gone by before he acts. */
export class Intruder {
  readonly #embedded: Embedded;
  readonly #account: string;
  readonly #deposit: Money;
  readonly #submits = new Map<string, SubmitOrder>();
  #first: SubmitOrder | undefined;
  #fresh: { submit: SubmitOrder; atMs: number } | undefined;
  #fills = 0;
  #seen: { code: string; place: string }[] = [];
  #accepted = 0;

  constructor(embedded: Embedded, account: string, deposit: Money) {
    this.#embedded = embedded;
    this.#account = account;
    this.#deposit = deposit;
  }

  /** Listens to the bus, as anybody on it can. */
  static async listen(
    embedded: Embedded,
    { account, deposit }: { readonly account: string; readonly deposit: Money },
  ): Promise<Intruder> {
    const intruder = new Intruder(embedded, account, deposit);
    const { bus, fence } = embedded;
    const topics = ["orders.intent.v1", "orders.execution.v1", "audit.records.v1"];
    const as = { kind: "every" as const, name: "intruder" };
    await bus.subscribe(
      { topics, as, from: "latest", maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 },
      ({ records }) => {
        for (const { value } of records) {
          const opened = openEnvelope(value, fence.keys);
          if (opened.ok) intruder.#hear(opened.body, payloadOf(opened));
        }
        return { through: records.at(-1)!.offset };
      },
    );
    return intruder;
  }

  /** Whether enough has happened, and an order was accepted in this very step. */
  isDue(waitFor: number): boolean {
    const { scheduler } = this.#embedded;
    return this.#fills >= waitFor && this.#fresh?.atMs === scheduler.nowMs() && this.#first !== undefined;
  }

  /** Every attempt as a step of its own, at the present decision time. */
  async attack(attempts: readonly Attempt[] = ATTEMPTS): Promise<AttackReport> {
    const { scheduler } = this.#embedded;
    const fresh = this.#fresh?.submit;
    const old = this.#first;
    if (fresh === undefined || old === undefined) throw new Error("the intruder has not seen an order yet");
    const tools = this.#tools(fresh, old);
    const through: string[] = [];
    for (const { name, code, place, go } of attempts) {
      this.#seen = [];
      this.#accepted = 0;
      await scheduler.step(scheduler.nowMs(), () => go(tools));
      const isRefused = this.#seen.some((one) => one.code === code && one.place === place);
      if (!isRefused || this.#accepted > 0)
        through.push(`${name}: expected ${code} at ${place}, saw ${JSON.stringify(this.#seen)}`);
    }
    return { tried: attempts.length, refused: attempts.length - through.length, through };
  }

  #hear(body: EnvelopeBody, payload: unknown): void {
    if (body.type === "order.intent") {
      const { command } = payload as OrderCommand;
      if (command.case !== "submit" || command.value.intent === undefined) return;
      const made = orderFromIntent(command.value.intent);
      if (made.ok) this.#submits.set(made.order.intentKey, command.value);
    }
    if (body.type === "order.filled") this.#fills++;
    if (body.type === "order.accepted") {
      this.#accepted++;
      const submit = this.#submits.get((payload as { intentKey?: string }).intentKey ?? "");
      // Only Portfolio's: its key is the one he has stolen.
      const made = orderFromIntent(submit?.intent ?? new Uint8Array());
      if (submit === undefined || !made.ok || made.order.proposer !== "portfolio") return;
      this.#first ??= submit;
      this.#fresh = { submit, atMs: Number(body.sentAtMs) };
    }
    if (body.type === "decision.refused") {
      const { code, place } = payload as Refused;
      this.#seen.push({ code: code ?? "", place: place ?? "" });
    }
    if (body.type === "order.reported") {
      const { status, code, place } = payload as OrderReported;
      if (status === OrderStatus.REJECTED) this.#seen.push({ code: code ?? "", place: place ?? "" });
    }
  }

  #tools(fresh: SubmitOrder, old: SubmitOrder): Tools {
    const { bus, rpc, scheduler, stolen, hosts } = this.#embedded;
    const portfolio = hosts.find(({ name }) => name === "portfolio");
    if (portfolio === undefined) throw new Error("there is no Portfolio to sit in");
    const nowMs = scheduler.nowMs();
    return {
      signer: stolen("portfolio"),
      say: (effect) => portfolio.say(effect),
      throwIn: (topic, key, value) => void bus.publishNow({ topic, key: Buffer.from(key), value, headers: {} }),
      call: async (call, server, type, payload) => {
        const { bytes } = seal(bodyOf({ sender: "portfolio", topic: call, type, payload, nowMs }), stolen("portfolio"));
        await rpc.call(call, server, bytes).catch((error: unknown) => {
          if (!(error instanceof RpcError)) throw error;
        });
      },
      fresh,
      old,
      nowMs,
      account: this.#account,
      deposit: this.#deposit,
    };
  }
}

const ACCEPT = "accept";
const PIPELINE = "pipeline";

export const ATTEMPTS: readonly Attempt[] = [
  {
    name: "an order without a permit",
    code: "PERMIT_MISSING",
    place: ACCEPT,
    go: (t) => submit(t, { ...t.fresh, intent: another(t.fresh, "bare"), permit: undefined }),
  },
  {
    name: "a permit signed with the stolen key",
    code: "PERMIT_FORGED",
    place: ACCEPT,
    go: (t) => {
      const intent = another(t.fresh, "forged");
      const permit = readPermit(t.fresh.permit?.payload ?? new Uint8Array());
      if (permit === undefined) throw new Error("the fresh command has no permit");
      return submit(t, {
        ...t.fresh,
        intent,
        permit: issuePermit({ ...permit, intentDigest: intentDigest(intent) }, t.signer),
      });
    },
  },
  {
    name: "a real permit under a larger order",
    code: "PERMIT_OTHER_INTENT",
    place: ACCEPT,
    go: (t) => submit(t, { ...t.fresh, intent: another(t.fresh, "larger", 10n) }),
  },
  {
    name: "the permitted order with another quantity",
    code: "DUPLICATE_ORDER",
    place: ACCEPT,
    go: (t) =>
      submit(t, { ...t.fresh, intent: altered(t.fresh, (intent) => ({ ...intent, quantity: times(intent, 10n) })) }),
  },
  { name: "the same order once more", code: "DUPLICATE_ORDER", place: ACCEPT, go: (t) => submit(t, t.fresh) },
  { name: "an order of long ago, permit and all", code: "PERMIT_EXPIRED", place: ACCEPT, go: (t) => submit(t, t.old) },
  {
    name: "an order in the Hedger's name",
    code: "NOT_PROPOSER",
    place: ACCEPT,
    go: (t) => submit(t, { ...t.fresh, intent: altered(t.fresh, (intent) => ({ ...intent, proposer: "hedger" })) }),
  },
  {
    name: "an approval of his own",
    code: "NOT_ALLOWED",
    place: PIPELINE,
    go: (t) => {
      const approval = {
        intentDigest: new Uint8Array(32),
        approvalId: "mine",
        decision: Decision.APPROVE,
        haltEpoch: 1n,
        expiresAtMs: t.nowMs + 60_000,
        approver: "person:me",
      };
      const payload = create(ApprovalDecisionSchema, {
        approval: signApproval(approval, t.signer),
        account: t.account,
        reason: "because I may",
      });
      return raw(t, {
        topic: "approvals.decision.v1",
        key: t.account,
        type: "approval.decision",
        payload: toBinary(ApprovalDecisionSchema, payload),
      });
    },
  },
  {
    name: "a permit in Policy's name",
    code: "WRONG_SENDER",
    place: PIPELINE,
    go: (t) => {
      const payload = create(PermitIssuedSchema, { intentKey: "mine", intent: another(t.fresh, "as policy") });
      return raw(t, {
        sender: "policy",
        topic: "risk.policy.v1",
        key: t.account,
        type: "permit.issued",
        payload: toBinary(PermitIssuedSchema, payload),
      });
    },
  },
  {
    name: "a fill in Execution's name",
    code: "WRONG_SENDER",
    place: PIPELINE,
    go: (t) => {
      const payload = toBinary(FillSchema, create(FillSchema, { fillId: "mine", account: t.account }));
      return raw(t, {
        sender: "execution",
        topic: "orders.execution.v1",
        key: t.account,
        type: "order.filled",
        payload,
      });
    },
  },
  {
    name: "a deposit to the ledger",
    code: "NOT_ALLOWED",
    place: PIPELINE,
    go: (t) => {
      const value = create(DepositSchema, {
        depositId: "mine",
        account: t.account,
        amount: moneyToWire(t.deposit),
        by: "person:me",
      });
      return proposeEntry(t, Log.LEDGER, { case: "deposit", value });
    },
  },
  {
    name: "a resume nobody signed",
    code: "NOT_ALLOWED",
    place: PIPELINE,
    go: (t) => {
      const statement = signResume({ haltIds: ["birth"], reason: "go on", epoch: 1n, person: "person:me" }, t.signer);
      const value = create(ResumeSchema, { haltIds: ["birth"], reason: "go on", signatures: [statement] });
      return proposeEntry(t, Log.CONTROL, { case: "resume", value });
    },
  },
  {
    name: "an order with one bit flipped",
    code: "BAD_SIGNATURE",
    place: PIPELINE,
    go: async (t) => {
      const payload = toBinary(
        OrderCommandSchema,
        create(OrderCommandSchema, { command: { case: "submit", value: t.fresh } }),
      );
      const { bytes } = seal(
        bodyOf({
          sender: "portfolio",
          topic: "orders.intent.v1",
          key: t.account,
          type: "order.intent",
          payload,
          nowMs: t.nowMs,
        }),
        t.signer,
      );
      const flipped = new Uint8Array(bytes);
      flipped[flipped.indexOf(payload[20]!, 200)]! ^= 1;
      t.throwIn("orders.intent.v1", t.account, flipped);
    },
  },
];

function submit(
  tools: Tools,
  order: Omit<SubmitOrder, "$typeName" | "permit"> & { permit?: Signed | undefined },
): Promise<void> {
  const { intent, permit, approvals } = order;
  const value = create(SubmitOrderSchema, { approvals, ...(intent && { intent }), ...(permit && { permit }) });
  return tools.say({
    kind: "publish",
    topic: "orders.intent.v1",
    key: tools.account,
    type: "order.intent",
    payload: create(OrderCommandSchema, { command: { case: "submit", value } }),
    intent: "SUBMIT",
    idempotencyKey: businessKey("intruder", Buffer.from(toBinary(SubmitOrderSchema, value)).toString("hex")),
  });
}

/** The fresh intent as a new one of the intruder's: its own key, so that nothing of the real order stands in the way. */
function another(submitted: SubmitOrder, tag: string, factor = 1n): Uint8Array {
  const intentKey = businessKey("intruder", tag);
  return altered(submitted, (intent) => ({ ...intent, intentKey, parent: intentKey, quantity: times(intent, factor) }));
}

function altered({ intent }: SubmitOrder, change: (intent: OrderIntent) => OrderIntent): Uint8Array {
  const made = orderFromIntent(intent ?? new Uint8Array());
  if (!made.ok) throw new Error("the intruder cannot read what he has stolen");
  return toBinary(OrderIntentSchema, change(made.intent));
}

function times({ quantity: size }: OrderIntent, factor: bigint) {
  return quantityToWire(quantity((size?.units ?? 0n) * factor, size?.scale ?? 0));
}

async function raw(
  tools: Tools,
  message: { sender?: string; topic: string; key: string; type: string; payload: Uint8Array },
): Promise<void> {
  const { bytes } = seal(bodyOf({ sender: "portfolio", nowMs: tools.nowMs, ...message }), tools.signer);
  tools.throwIn(message.topic, message.key, bytes);
}

function proposeEntry(tools: Tools, log: Log, content: Parameters<typeof opIdOf>[0]["content"]): Promise<void> {
  const request = create(ProposeRequestSchema, { opId: opIdOf({ content }) ?? "", log, content });
  return tools.call("QuorumService.Propose", "validator-1", "quorum.propose", toBinary(ProposeRequestSchema, request));
}

function bodyOf(message: {
  sender: string;
  topic: string;
  key?: string;
  type: string;
  payload: Uint8Array;
  nowMs: number;
}): EnvelopeBody {
  const { sender, topic, type, payload, nowMs } = message;
  const msgId = deriveMsgId({
    timeMs: nowMs,
    sender: "intruder",
    causationId: `${sender} ${topic} ${type} ${businessKey(Buffer.from(payload).toString("hex"))}`,
    effectIndex: 0,
  });
  const isCall = message.key === undefined;
  return {
    msgId,
    type,
    version: "v1",
    correlationId: msgId,
    causationId: "",
    sentAtMs: BigInt(nowMs),
    ttlMs: 30_000,
    sender,
    intent: "INTRUDE",
    idempotencyKey: msgId,
    topic,
    key: message.key ?? "",
    payload,
    ...(isCall ? {} : { seq: 1n, prev: emptyChain.prev }),
  };
}
