/** A person at the approvals of a running cluster: what waits, as it comes, and this person's word about it. */
import { setTimeout as wait } from "node:timers/promises";
import type { Delivered, SubscribeOptions } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import type { OrderRejected, PermitIssued } from "@countersign/contracts";
import { allows } from "@countersign/envelope";
import { admit, type PublishEffect, Teller } from "@countersign/runtime";
import { modes } from "../agents.ts";
import { ApprovalBook, type Asked } from "../approval-book.ts";
import { instruments } from "./agent.ts";
import { kafkaOf } from "./credentials.ts";
import { Desk } from "./desk.ts";
import { openProcess } from "./process.ts";
import { groupOfDesk, readThroughout } from "./read-throughout.ts";

const REQUESTS = "approvals.request.v1";
const DECISIONS = "approvals.decision.v1";
const VERDICTS = "risk.policy.v1";

/** What Policy made of the order. */
export interface Verdict {
  readonly isPermitted: boolean;
  /** The code of a refusal. */
  readonly code: string;
  readonly explanation: string;
}

export class Approvals implements AsyncDisposable {
  readonly desk: Desk;
  readonly #book: ApprovalBook;
  readonly #bus: KafkaBus;
  readonly #verdicts = new Map<string, Verdict>();
  #changed = Promise.withResolvers<void>();

  private constructor(desk: Desk, bus: KafkaBus, book: ApprovalBook) {
    this.desk = desk;
    this.#bus = bus;
    this.#book = book;
  }

  /** Returns when everything that is there has been read. @throws InputError, BusError; RpcError where no validator answers */
  static async open(dir: string, person?: string): Promise<Approvals> {
    const desk = new Desk(dir, person);
    await desk.readWhole();
    const { platform } = desk.spec;
    const bus = new KafkaBus({ ...kafkaOf(dir, desk.spec), clientId: `${platform}-approvals`, onError: () => {} });
    const book = new ApprovalBook({ keys: desk.keys, mode: modes[desk.spec.mode], instruments: instruments() });
    const approvals = new Approvals(desk, bus, book);
    try {
      await approvals.#follow();
    } catch (error) {
      await approvals[Symbol.asyncDispose]();
      throw error;
    }
    return approvals;
  }

  /** What can still be answered, the most urgent first. */
  waiting(): readonly Asked[] {
    return this.#book.waiting({ nowMs: Date.now(), epoch: this.desk.fence.state().epoch });
  }

  /** Until something was said on either topic, or the time is over; the control log is read on meanwhile. */
  async news(withinMs: number): Promise<void> {
    await Promise.race([this.#changed.promise, wait(withinMs)]);
    await this.desk.read();
  }

  /** Says this person's word on the topic, in the person's own chain; returns when it is on record. @throws what engines throw */
  say({ request }: Asked, approve: boolean, reason: string): Promise<void> {
    const { person, spec } = this.desk;
    return this.#say([person.decision(request, spec.account, approve, reason)]);
  }

  /** Says that these were shown to this person; of who may not answer it is not said. @throws what engines throw */
  async acknowledge(asked: readonly Asked[]): Promise<void> {
    const { person, spec, keys } = this.desk;
    const key = keys.find(person.envelopeKeyid);
    const mayAnswer = key !== undefined && allows(key, { type: "approval.decision", topic: DECISIONS });
    if (mayAnswer && asked.length > 0) await this.#say(asked.map(({ request }) => person.shown(request, spec.account)));
  }

  async #say(effects: readonly PublishEffect[]): Promise<void> {
    const own = await openProcess(this.desk.dir, this.desk.person.name);
    try {
      await own.genesis();
      // No relay: when this returns the brokers have it. What they did not take is in the outbox, and goes before the next word.
      const [store, { signer, bus, loop }] = [await own.openStore(), own];
      const told = { sender: own.name, signer, keys: own.fence.keys, store, bus, nowMs: () => loop.nowMs() };
      const teller = new Teller(told);
      await teller.load();
      await teller.resend();
      for (const effect of effects) await teller.say(effect);
      await teller.close();
    } finally {
      await own.close();
    }
  }

  /** What Policy made of it; undefined where it was not heard in time, as when another person is needed. */
  async verdict({ request }: Asked, withinMs: number): Promise<Verdict | undefined> {
    const intentKey = request.intentKey ?? "";
    for (const until = performance.now() + withinMs; performance.now() < until; )
      if (this.#verdicts.has(intentKey)) break;
      else await Promise.race([this.#changed.promise, wait(POLL_MS)]);
    return this.#verdicts.get(intentKey);
  }

  /** First what comes, then what is there: so nothing is missed between the two. What comes twice says nothing new. */
  async #follow(): Promise<void> {
    const { dir, spec } = this.desk;
    const client = { ...kafkaOf(dir, spec), clientId: `${spec.platform}-approvals` };
    const take = (records: readonly Delivered[]) => {
      for (const { topic, value, key } of records) this.#book.take(topic, value, key, Date.now());
      this.#tell();
    };
    await this.#bus.subscribe(every([REQUESTS, DECISIONS], client.clientId), ({ records }) => {
      take(records);
      return { through: records.at(-1)!.offset };
    });
    await this.#bus.subscribe(every([VERDICTS], `${client.clientId}-verdicts`), ({ records }) => {
      for (const record of records) this.#hear(record);
      return { through: records.at(-1)!.offset };
    });
    for (const topic of [REQUESTS, DECISIONS]) await readThroughout(this.#bus, client, topic, take);
  }

  #hear({ topic, value, key }: Delivered): void {
    const delivery = { bytes: value, topic, recordKey: Buffer.from(key).toString(), headers: undefined };
    const admitted = admit(delivery, this.desk.keys, modes[this.desk.spec.mode], Date.now());
    if (!admitted.ok || !["permit.issued", "order.rejected"].includes(admitted.opened.body.type)) return;
    const isPermitted = admitted.opened.body.type === "permit.issued";
    const { intentKey = "", explanation = "" } = admitted.payload as PermitIssued | OrderRejected;
    const code = isPermitted ? "" : ((admitted.payload as OrderRejected).code ?? "");
    this.#verdicts.set(intentKey, { isPermitted, code, explanation });
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus.close(0);
    await this.desk[Symbol.asyncDispose]();
  }
}

function every(topics: readonly string[], name: string): SubscribeOptions {
  const as = { kind: "every", name: groupOfDesk(name) } as const;
  return { topics: [...topics], as, from: "latest", maxInFlightBytes: 1_000_000, maxProcessingMs: 30_000 };
}

const POLL_MS = 100;
