/**
 * A thief at a running cluster. He has the password of the database, the addresses of everything, and every key but these: the founder's, Policy's,
 * those of two validators, and what Execution shows at the venue. He sits where Portfolio and the Hedger sat, and goes on with
 * their chains; what he cannot say in their names he throws onto the topics as bytes.
 *
 * What comes of an attempt is what the platform says of it, as `PERMIT_FORGED at accept`, or `THROUGH`: an order is at the venue.
 */
import { setTimeout as wait } from "node:timers/promises";
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { BusError } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import {
  KeyPurpose,
  OrderCommandSchema,
  type OrderReported,
  OrderStatus,
  type PermitIssued,
  type Refused,
  type SubmitOrder,
  SubmitOrderSchema,
  topics,
  ValidateRequestSchema,
} from "@countersign/contracts";
import {
  businessKey,
  deriveMsgId,
  type EnvelopeBody,
  emptyChain,
  openEnvelope,
  type Signer,
  seal,
  sealCall,
} from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { clusterTopics, Desk } from "@countersign/platform";
import { openPool, type Pool } from "@countersign/postgres";
import { openPostgresStore, type PublishEffect, payloadOf, RpcError, Teller } from "@countersign/runtime";
import { keysDir, postgresUrl } from "../../platform/src/processes/cluster.ts";
import { letterOf } from "../../platform/src/processes/dead-letter.ts";
import { KeyFiles } from "../../platform/src/processes/key-files.ts";
import { schemaOf } from "../../platform/src/processes/process.ts";
import { ordersAtVenue } from "../support/venue-orders.ts";

export const THROUGH = "THROUGH";
/** What nobody refuses within half a minute. */
export const SILENCE = "nothing was said";
/** A person whom the founder has enrolled to approve, and whose keys are stolen too. */
export const MALLORY = "person:mallory";
/** Where he sits. */
export const SEATS: readonly string[] = ["portfolio", "hedger"];
/** Whose envelope key he has. */
export const STOLEN: readonly string[] = [
  ...["market", "signal", "portfolio", "hedger", "execution", "compliance", "operator", "gateway"],
  "validator-1",
  MALLORY,
];

/** Longer than anything takes that is answered at all. */
const ANSWER_MS = 30_000;
const POLL_MS = 10;
/** Longer than an order takes from its command to the venue, many times. */
const QUIET_MS = 2_000;

/** A record that anybody may read, opened. */
export interface Heard {
  readonly sender: string;
  readonly type: string;
  readonly payload: Message;
}

type Said = Pick<EnvelopeBody, "sender" | "topic" | "key" | "type" | "payload">;

interface Letter {
  readonly value: Uint8Array;
  /** `NOT_ALLOWED at pipeline` */
  readonly said: string;
}

export class Thief implements AsyncDisposable {
  readonly dir: string;
  /** Mallory's: what he may do as a person, and the control log. */
  readonly desk: Desk;
  readonly #pool: Pool;
  readonly heard: Heard[] = [];
  readonly #letters: Letter[] = [];
  readonly #keys: KeyFiles;
  readonly #bus: KafkaBus;
  readonly #tellers = new Map<string, Teller>();
  #count = 0;

  private constructor(dir: string) {
    this.dir = dir;
    this.desk = new Desk(dir, MALLORY);
    this.#keys = new KeyFiles(keysDir(dir), { makes: false });
    this.#bus = new KafkaBus({ brokers: this.desk.spec.kafka, clientId: "thief", onError: () => {} });
    this.#pool = openPool(postgresUrl(dir), { max: 2, applicationName: "thief" });
  }

  static async open(dir: string): Promise<Thief> {
    const thief = new Thief(dir);
    await thief.desk.readWhole();
    await thief.#listen();
    return thief;
  }

  get account(): string {
    return this.desk.spec.account;
  }

  /** How many orders the venue has, by its own record. */
  orders(): number {
    return ordersAtVenue(this.dir);
  }

  /** @throws where he has not stolen it */
  signer(sender: string, purpose: KeyPurpose = KeyPurpose.ENVELOPE): Signer {
    if (!STOLEN.includes(sender)) throw new Error(`the thief does not have the keys of ${sender}`);
    return this.#keys.signer(sender, purpose);
  }

  /** Something nobody has said before. */
  unique(): string {
    return businessKey("thief", String(process.pid), String(this.#count++), String(Date.now()));
  }

  // ── in a proposer's place ──

  /** What Policy says to a proposer who asks: a permitted order, or why there is none, such as `NOT_THE_PROPOSER at policy`. */
  async ask(intent: Uint8Array, sender = "portfolio"): Promise<SubmitOrder | string> {
    const request = toBinary(ValidateRequestSchema, create(ValidateRequestSchema, { intent }));
    const { said, answer } = await this.call("PolicyService.Validate", "policy", "policy.validate", request, sender);
    if (answer === undefined) return said;
    if (answer.type === "permit.issued") return submitOf(answer.payload as PermitIssued);
    return `${(answer.payload as { code?: string }).code ?? "ESCALATED"} at policy`;
  }

  /** A permitted order. @throws where Policy has permitted nothing */
  async permitted(intent: Uint8Array): Promise<SubmitOrder> {
    const said = await this.ask(intent);
    if (typeof said === "string") throw new Error(`the thief could not even get an honest permit: ${said}`);
    return said;
  }

  /** How many orders the venue has when what is under way has come to its end. */
  async quiet(): Promise<number> {
    await wait(QUIET_MS);
    return this.orders();
  }

  /** Sends it to Execution, as a proposer does. */
  submit(order: SubmitOrder, intentKey: string, sender = "portfolio"): Promise<string> {
    return this.outcome(intentKey, () => this.sendOnly(order, sender));
  }

  /** The same, and does not wait for what comes of it. */
  sendOnly(order: SubmitOrder, sender = "portfolio"): Promise<void> {
    const payload = create(OrderCommandSchema, { command: { case: "submit", value: order } });
    return this.say(sender, { topic: "orders.intent.v1", type: "order.intent", payload });
  }

  /** What comes of what is done, by the records that name this order, and by the venue's. */
  async outcome(subject: string, act: () => Promise<void>, by = "execution"): Promise<string> {
    const [from, orders] = [this.heard.length, this.orders()];
    await act();
    const said = await this.#until(() =>
      this.heard
        .slice(from)
        .map((one) => outcomeOf(one, by, subject))
        .find((said) => said !== undefined),
    );
    return this.orders() > orders ? THROUGH : said;
  }

  /** In this sender's own chain. */
  async say(
    sender: string,
    said: Pick<PublishEffect, "topic" | "type" | "payload"> & { readonly key?: string },
  ): Promise<void> {
    const effect = { kind: "publish", key: this.account, intent: "STEAL", idempotencyKey: this.unique() } as const;
    await (await this.#teller(sender)).say({ ...effect, ...said });
  }

  // ── from outside ──

  /** Any bytes on a topic; what its readers say to them, once each. */
  async throwIn(topic: string, value: Uint8Array, key = this.account): Promise<string> {
    await this.put([{ topic, value, key }]);
    const letter = await this.#until(() => this.#letters.find((one) => Buffer.compare(one.value, value) === 0));
    return typeof letter === "string" ? letter : letter.said;
  }

  async put(records: readonly { readonly topic: string; readonly value: Uint8Array; readonly key: string }[]) {
    const sent = records.map(({ topic, value, key }) => ({ topic, value, key: Buffer.from(key), headers: {} }));
    for (const until = performance.now() + ANSWER_MS; ; await wait(POLL_MS)) {
      try {
        await this.#bus.publish(sent, { timeoutMs: ANSWER_MS });
        return;
      } catch (error) {
        // Certainly not written: a broker may not know yet that it leads a partition that was just made.
        if (!(error instanceof BusError && error.kind === "retriable") || performance.now() > until) throw error;
      }
    }
  }

  /** A message that says whatever he likes. */
  seal(body: Said, signer: Signer): Uint8Array {
    return this.sealed(body, signer).bytes;
  }

  /** The same, and by which id it is spoken of. */
  sealed(body: Said, signer: Signer): { readonly msgId: string; readonly bytes: Uint8Array } {
    const nowMs = Date.now();
    const msgId = deriveMsgId({ timeMs: nowMs, sender: "thief", causationId: this.unique(), effectIndex: 0 });
    const times = { sentAtMs: BigInt(nowMs), ttlMs: 30_000 };
    const ids = { msgId, version: "v1", correlationId: msgId, causationId: "", idempotencyKey: msgId };
    const chain = { seq: 1n, prev: emptyChain.prev };
    return { msgId, bytes: seal({ ...ids, ...times, ...chain, intent: "STEAL", ...body }, signer).bytes };
  }

  /** `said`: the code of a refusal and who refused, or `answered`. A client for each: what one call comes to, opens no breaker for the next. */
  async call(call: string, server: string, type: string, payload: Uint8Array, sender: string) {
    const facts = { sender, call, type, intent: "STEAL", payload, nowMs: Date.now(), about: this.unique() };
    const { bytes } = sealCall(facts, this.signer(sender));
    const rpc = new GrpcRpc({ servers: this.desk.spec.servers, onError: () => {} });
    try {
      const answer = await rpc.call(call, server, bytes, { deadlineMs: ANSWER_MS });
      return { said: "answered", answer: this.#open(answer) };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const [, refusal] =
        /refuse[sd] .*: ([A-Z_]+)$/.exec(error.message) ?? / (UNIMPLEMENTED)\b/.exec(error.message) ?? [];
      return { said: `${refusal ?? error.message} at ${server}`, answer: undefined };
    } finally {
      await rpc.close(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const teller of this.#tellers.values()) await teller.close();
    await this.#bus.close(1_000);
    await this.#pool.close();
    await this.desk[Symbol.asyncDispose]();
  }

  async #teller(sender: string): Promise<Teller> {
    const known = this.#tellers.get(sender);
    if (known !== undefined) return known;
    const store = await openPostgresStore(this.#pool, schemaOf(sender));
    const onBroken = (error: unknown) => {
      throw error;
    };
    const common = { keys: this.desk.keys, bus: this.#bus, nowMs: () => Date.now(), onBroken };
    const teller = new Teller({ sender, signer: this.signer(sender), store, ...common });
    await teller.load();
    this.#tellers.set(sender, teller);
    return teller;
  }

  async #listen(): Promise<void> {
    const as = { kind: "every", name: "thief" } as const;
    const options = { as, from: "latest", maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 } as const;
    const records = topics.flatMap(({ topic, delivery }) => (delivery === "record" ? [topic] : []));
    await this.#bus.subscribe({ ...options, topics: records }, (batch) => {
      for (const { value } of batch.records) {
        const opened = this.#open(value);
        if (opened !== undefined) this.heard.push(opened);
      }
      return { through: batch.records.at(-1)!.offset };
    });
    const dead = clusterTopics().flatMap(({ topic }) => (topic.endsWith(".dlq") ? [topic] : []));
    await this.#bus.subscribe({ ...options, as: { kind: "every", name: "thief-dlq" }, topics: dead }, (batch) => {
      for (const record of batch.records) {
        const letter = letterOf(record);
        if (letter === undefined) continue;
        this.#letters.push({ value: record.value, said: `${letter.code} at ${letter.place}` });
      }
      return { through: batch.records.at(-1)!.offset };
    });
  }

  #open(bytes: Uint8Array): Heard | undefined {
    const opened = openEnvelope(bytes, this.desk.keys);
    const payload = opened.ok ? payloadOf(opened) : undefined;
    if (!opened.ok || payload === undefined) return undefined;
    return { type: opened.body.type, sender: opened.body.sender, payload };
  }

  /** Asks again until there is something, or it is too late: `SILENCE`. */
  async #until<T>(look: () => T | undefined): Promise<T | string> {
    for (const until = performance.now() + ANSWER_MS; performance.now() < until; await wait(POLL_MS)) {
      const found = look();
      if (found !== undefined) return found;
    }
    return SILENCE;
  }
}

export function submitOf({ intent, permit, approvals }: Pick<PermitIssued, "intent" | "permit" | "approvals">) {
  return create(SubmitOrderSchema, { approvals, ...(intent && { intent }), ...(permit && { permit }) });
}

/** What this record of this agent says of what is meant: that it is refused, or of an order that it was at the venue. */
function outcomeOf({ sender, type, payload }: Heard, by: string, subject: string): string | undefined {
  if (sender !== by) return undefined;
  if (type === "decision.refused") {
    const refused = payload as Refused;
    return refused.subject === subject ? `${refused.code} at ${refused.place}` : undefined;
  }
  if (type !== "order.reported" || (payload as OrderReported).intentKey !== subject) return undefined;
  const { status, code, place } = payload as OrderReported;
  if (status === OrderStatus.REJECTED || status === OrderStatus.NOT_SENT) return `${code} at ${place}`;
  const isOver = status === OrderStatus.CANCELED || status === OrderStatus.EXPIRED || status === OrderStatus.FILLED;
  return isOver ? THROUGH : undefined;
}
