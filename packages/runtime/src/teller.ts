/**
 * Says things in one sender's name: keeps its chains, puts each record into the outbox in a transaction, publishes it after. The host of
 * an agent says its decisions through one; servers and people, who make no decisions of the runtime's kind, say everything through it.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Bus, OutRecord } from "@countersign/bus";
import { topicSpec } from "@countersign/contracts";
import { deriveMsgId, headersOf, type Keys, openEnvelope, type Signer, sha256 } from "@countersign/envelope";
import type { Cause, PublishEffect } from "./agent.ts";
import { sealDrafts } from "./attempt.ts";
import { afterConflict, CONFLICTS_MAX } from "./contention.ts";
import { type Chains, chainKey, chainRows, draftBodies } from "./drafts.ts";
import { Relay } from "./relay.ts";
import { emptyCommit, type OutboxRow, type Store, StoreError } from "./store.ts";
import { isTransient } from "./transient.ts";

export interface TellerOptions {
  readonly sender: string;
  readonly signer: Signer;
  readonly keys: Keys;
  readonly store: Store;
  readonly bus: Bus;
  /** Decision time. */
  readonly nowMs: () => number;
  /** Given: a relay publishes, and nobody waits for it. */
  readonly onBroken?: (error: unknown) => void;
}

const PUBLISH_TIMEOUT_MS = 5_000;

export class Teller {
  readonly #o: TellerOptions;
  #chains: Chains = new Map();
  #published: string[] = [];
  readonly #relay: Relay | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  readonly counts = { sealed: 0, records: 0, commits: 0 };

  constructor(options: TellerOptions) {
    this.#o = options;
    const { store, bus, onBroken } = options;
    if (onBroken === undefined) return;
    this.#relay = new Relay({
      store,
      bus,
      recordOf: ({ topic, key, bytes }) => this.#recordOf(topic, key, bytes),
      onBroken,
    });
  }

  /** Age of the oldest record that is committed and not on the bus, s; 0 without a relay. */
  get outboxAgeSeconds(): number {
    return this.#relay?.ageSeconds ?? 0;
  }

  /** Waits while too much is committed and not on the bus. */
  async room(): Promise<void> {
    await this.#relay?.room();
  }

  /** A commit may have happened without our knowing. */
  doubt(): void {
    this.#relay?.doubt();
  }

  get chains(): Chains {
    return this.#chains;
  }

  /** Reads where the chains are; again after a conflict. Counts on market topics are not stored and go on from memory. */
  async load(): Promise<void> {
    const rows = await this.#o.store.chains();
    const stored = rows.map((row) => [chainKey(row.topic, row.key), { seq: row.seq, prev: row.digest }] as const);
    this.#chains = new Map([...this.#chains, ...stored]);
  }

  /** Publishes what was committed in an earlier life and not published. Calls are handed back: they are the host's. */
  async resend(): Promise<readonly OutboxRow[]> {
    const { store } = this.#o;
    this.#relay?.doubt();
    const left = this.#relay === undefined ? await store.unpublished("publish") : [];
    for (const row of left) await this.send(row); // P12.resend
    return store.unpublished("call");
  }

  /** A record of its own transaction. Under a known idempotency key nothing is said again. */
  say(effect: PublishEffect, cause?: Cause): Promise<void> {
    return this.alone(() => this.#say(effect, cause));
  }

  /** One after the other: two who write the same chain at once would only refuse each other. */
  alone<T>(write: () => Promise<T>): Promise<T> {
    const running = this.#last.then(write);
    this.#last = running.catch(() => {});
    return running;
  }

  async #say(effect: PublishEffect, given: Cause | undefined): Promise<void> {
    const { sender, signer, store, nowMs } = this.#o;
    for (let conflicts = 0; conflicts <= CONFLICTS_MAX; conflicts++) {
      const before = this.#chains;
      const cause = given ?? this.rootCause(effect.idempotencyKey ?? effect.type);
      const { drafts, chains } = draftBodies([effect], before, { sender, cause, nowMs: nowMs(), answering: undefined });
      const sealed = sealDrafts(drafts, signer);
      const outbox = sealed.flatMap(({ row }) => (row === undefined ? [] : [row]));
      const inbox =
        effect.idempotencyKey === undefined
          ? []
          : [{ msgId: `said ${effect.idempotencyKey}`, digest: said(effect), answer: undefined }];
      // What is said on a market topic is a lease, not a record: nothing of it needs to survive.
      const isRecord = outbox.length > 0;
      const result = isRecord
        ? await store.commit({ ...emptyCommit, inbox, outbox, chains: chainRows(before, chains, sealed) })
        : { kind: "committed" as const };
      if (result.kind === "duplicate") return;
      if (result.kind === "committed") {
        this.advance(chains, sealed.length, isRecord);
        for (const row of outbox) await this.send(row);
        if (!isRecord) for (const { draft, bytes } of sealed) await this.publish(effect.topic, draft.body.key, bytes);
        return;
      }
      // Of two that say the same kind of thing in one millisecond both have one id: the second is said in the next.
      await wait(1);
      await afterConflict(conflicts);
      await this.load();
    }
    throw new StoreError("STORE_CONTENDED", `${sender} could not say ${effect.type}: its chain is always taken`);
  }

  /** After a commit of the host's: its chains are these now. */
  advance(chains: Chains, sealed: number, committed: boolean): void {
    this.#chains = chains;
    this.counts.sealed += sealed;
    if (committed) this.counts.commits++;
  }

  async send(row: OutboxRow): Promise<void> {
    if (this.#relay !== undefined) {
      this.#relay.push([row]);
      this.counts.records++;
      return;
    }
    await this.publish(row.topic, row.key, row.bytes);
    this.counts.records++;
    this.#published.push(row.msgId);
  }

  /**
   * A lease, of which nothing needs to survive. With a relay nobody waits for it: one that cannot be said is followed by the next, and what
   * was decided beside it, such as a halt while the brokers are down, is answered at once.
   */
  async lease(topic: string, key: string, value: Uint8Array): Promise<void> {
    const said = this.publish(topic, key, value);
    const { onBroken } = this.#o;
    if (onBroken === undefined) return said;
    said.catch((error: unknown) => {
      if (!this.#isClosed && !isTransient(error)) onBroken(error);
    });
  }

  async publish(topic: string, key: string, value: Uint8Array): Promise<void> {
    await this.#o.bus.publish([this.#recordOf(topic, key, value)], { timeoutMs: PUBLISH_TIMEOUT_MS });
  }

  #recordOf(topic: string, key: string, value: Uint8Array): OutRecord {
    const opened = openEnvelope(value, this.#o.keys);
    // Market topics carry no copies for routing: their key is enough, and a quote is cheap only when it is small.
    const copies = opened.ok && topicSpec(topic)?.delivery === "record" ? Object.entries(headersOf(opened.body)) : [];
    const headers = Object.fromEntries(copies.map(([name, text]) => [name, [Buffer.from(text)]]));
    return { topic, key: Buffer.from(key), value, headers };
  }

  /** Called when a message is out of its outbox by another way, such as a call that was made. */
  markPublished(msgId: string): void {
    if (this.#relay === undefined) this.#published.push(msgId);
    else this.#relay.mark(msgId);
  }

  /** What the next commit marks as published in passing. `forget` after that commit. */
  get published(): readonly string[] {
    return this.#published;
  }

  forgetPublished(marked: readonly string[]): void {
    this.#published = this.#published.filter((msgId) => !marked.includes(msgId));
  }

  /** @param drainMs how long a relay may still publish; what is left then is in the outbox */
  async close(drainMs = 0): Promise<void> {
    this.#isClosed = true;
    await this.#relay?.close(drainMs);
    if (this.#published.length > 0) await this.#o.store.markPublished(this.#published);
    this.#published = [];
  }

  /** The cause of something that no message caused. */
  rootCause(what: string): Cause {
    const msgId = deriveMsgId({ timeMs: this.#o.nowMs(), sender: this.#o.sender, causationId: what, effectIndex: 0 });
    return { msgId, correlationId: msgId };
  }
}

function said(effect: PublishEffect): Uint8Array {
  return sha256(Buffer.from(`${effect.topic} ${effect.key} ${effect.type}`));
}
