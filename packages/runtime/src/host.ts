/**
 * The shell of an agent: it carries messages through the pipeline to `decide`, and a decision through one transaction to the world.
 *
 *   decode → verify → allowed → seen before? → age → rate limit → decide → one transaction → publish → finished
 *
 * Invariants:
 * 1. Nothing is published that is not committed; what is committed is published, after a crash again, as the same bytes.
 * 2. A message is acted on once: its inbox row is in the transaction of what it led to.
 * 3. Between load and commit nobody else changed the aggregate or a chain: compare-and-set, and on a conflict everything is done again.
 * 4. What `decide` was shown is journaled in the same transaction.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Message } from "@bufbuild/protobuf";
import type { Batch, Bus, Delivered, Progress, Subscription } from "@countersign/bus";
import { type Checkpoint, type Mode, topicSpec } from "@countersign/contracts";
import { deriveMsgId, hex, type Keys, type Opened, openEnvelope, type Signer, sha256 } from "@countersign/envelope";
import type { Agent, Effect, Input, MarketMessage, PublishEffect } from "./agent.ts";
import { type Attempt, attempt, isDurable } from "./attempt.ts";
import { AuditLease } from "./audit-lease.ts";
import { FoldedView } from "./folded-view.ts";
import {
  asks,
  causeOf,
  type Fate,
  type Fates,
  inboxOf,
  isRepetition,
  marketMessage,
  type Pending,
  withoutRepetitions,
} from "./pending.ts";
import { type Admitted, admit, ageOf, type Delivery } from "./pipeline.ts";
import { type Fence, type Rpc, RpcError } from "./ports.ts";
import { Positions } from "./positions.ts";
import { RateLimit } from "./rate-limit.ts";
import { Refusals } from "./refusals.ts";
import { type CommitResult, type Loaded, type OutboxRow, type Store, StoreError, type TimerRow } from "./store.ts";
import { Teller } from "./teller.ts";
import { Timers } from "./timers.ts";
import { Together } from "./together.ts";
import { isTransient } from "./transient.ts";

/** What the shell needs of the thread it runs on: the scheduler in one process. */
export interface Loop {
  nowMs(): number;
  post(task: () => void | Promise<void>): void;
  at(timeMs: number, task: () => void | Promise<void>): { cancel(): void };
  /** Runs beside what is posted: for what waits for another process. Missing where everything runs one after the other. */
  spawn?(task: () => Promise<void>): void;
}

/** What an edge of an agent reports: an input of kind "edge". */
export interface EdgeReport {
  /** Unique for what it reports, such as an execution id. */
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

/** The part of an agent that touches the world; called by the shell and by nobody else. */
export interface Edge {
  /** Once, at the host's start: what this process begins with. Ids must tell one process over a store from the next. */
  started?(): readonly EdgeReport[];
  /** Before the view folds the message. */
  onMarket?(message: MarketMessage): readonly EdgeReport[];
  /** After the commit of the decision that wanted it, at most once ever. */
  act?(name: string, data: unknown): readonly EdgeReport[];
  /** Between decide and sealing: adds a signature that needs a key, such as a permit's. */
  finish?(effect: PublishEffect): PublishEffect;
}

export interface HostOptions<S, V> {
  readonly agent: Agent<S, V>;
  readonly edge?: Edge;
  readonly signer: Signer;
  readonly keys: Keys;
  readonly mode: Mode;
  readonly store: Store;
  readonly bus: Bus;
  readonly rpc: Rpc;
  readonly fence: Fence;
  readonly loop: Loop;
  /**
   * `each`: one transaction per input. `step`: inputs wait for `flush`, and one transaction folds them all. `together`: what waits while a
   * transaction is under way goes into the next, and nothing is believed that another replica may have changed: for processes.
   */
  readonly fold?: "each" | "step" | "together";
  readonly onAlert?: (agent: string, code: string, text: string) => void;
  /** Given: records go to the bus by a relay of their own, and decisions do not wait for it. Called when that finds an invariant broken. */
  readonly onBroken?: (error: unknown) => void;
}

const CONFLICTS_MAX = 12;
const CONFLICT_WAIT_MAX_MS = 50;
const CALL_DEADLINE_MS = 5_000;

export class Host<S, V> {
  readonly name: string;
  readonly #counts = { deliveries: 0, decisions: 0, inboxRows: 0, opened: 0 };
  readonly #refusals: Refusals;
  readonly #o: HostOptions<S, V>;
  readonly #lease: AuditLease;
  readonly #teller: Teller;
  readonly #rate = new RateLimit({ perSecond: 2_000, burst: 10_000 });
  readonly #cache = new Map<string, Loaded>();
  readonly #timers: Timers;
  readonly #subscriptions: Subscription[] = [];
  readonly #together = new Together((key, inputs) => this.#teller.alone(() => this.#process(key, inputs)));
  /** The last call under way to each server, by "call@server". */
  readonly #calls = new Map<string, Promise<void>>();
  readonly #keyTexts = new WeakMap<Uint8Array, string>();
  readonly #positions = new Positions();
  readonly #view: FoldedView<V>;
  #waiting: Pending[] = [];
  #ticks = 0;
  #ready = false;
  #awake = true;

  constructor(options: HostOptions<S, V>) {
    this.#o = options;
    this.name = options.agent.canvas.agent;
    this.#lease = new AuditLease(this.name);
    this.#view = new FoldedView(options.agent.view, this.#positions);
    this.#timers = new Timers(options.loop, (timer) => this.#onTimer(timer));
    const { signer, keys, store, bus, loop } = options;
    const { onBroken } = options;
    const relayed = onBroken === undefined ? {} : { onBroken };
    this.#teller = new Teller({ sender: this.name, signer, keys, store, bus, nowMs: () => loop.nowMs(), ...relayed });
    this.#refusals = new Refusals(this.name, bus, this.#teller);
  }

  /** Of the pipeline, by code; each is also on record and in the DLQ. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals.counts;
  }

  get counts() {
    return { ...this.#counts, ...this.#teller.counts };
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Takes up where the store says it was: chains, timers, the view's snapshot, and what was committed but not published. */
  async start(): Promise<void> {
    const { agent, edge, store, bus, rpc, fence, loop } = this.#o;
    await this.#teller.load();
    this.#view.restore(await store.snapshot());
    for (const timer of await store.timers()) this.#timers.set(timer);
    for (const call of agent.canvas.serves) rpc.serve(call, this.name, (request) => this.#serve(call, request));
    for (const kind of ["group", "every"] as const) {
      const topics = agent.canvas.observes.filter(({ as }) => as === kind).map(({ topic }) => topic);
      if (topics.length === 0) continue;
      const as = { kind, name: this.name };
      const options = { topics, as, from: "earliest" as const, maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 };
      this.#subscriptions.push(await bus.subscribe(options, (batch) => this.#onBatch(batch)));
    }
    for (const report of edge?.started?.() ?? []) loop.post(() => this.report(report));
    fence.onChange(() => loop.post(() => this.#onFence()));
    for (const row of await this.#teller.resend()) this.#callLater(row);
    this.#ready = true;
  }

  async close(): Promise<void> {
    this.#ready = false;
    for (const subscription of this.#subscriptions) await subscription.close();
    this.#timers.close();
    await this.#teller.close();
  }

  /** The views go on being folded, and nothing is decided upon the market: warming up on what was before the day. */
  sleep(): void {
    this.#awake = false;
  }

  wake(): void {
    this.#awake = true;
  }

  /** Whether inputs wait for `flush`. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Something that follows from no decision, such as that it is ready. */
  say(effect: PublishEffect): Promise<void> {
    return this.#teller.say(effect);
  }

  /** The end of a step that wrote a record: what is periodic elsewhere happens here. */
  async tick(): Promise<void> {
    const msgId = this.#rootId(`tick:${this.#ticks++}`);
    await this.#take({
      input: { kind: "tick" },
      cause: { msgId, correlationId: msgId },
      journalled: { kind: "tick" },
      inbox: [],
    });
  }

  /** Something an edge reports by itself. */
  async report({ id, name, data }: EdgeReport): Promise<void> {
    const msgId = this.#rootId(`edge:${name}:${id}`);
    const input = { kind: "edge" as const, id, name, data };
    await this.#take({ input, cause: { msgId, correlationId: msgId }, journalled: input, inbox: [] });
  }

  /** Folds what waits into one transaction; for hosts with `fold: "step"`. */
  async flush(): Promise<void> {
    const key = this.#waiting[0] && this.#o.agent.keyOf(this.#waiting[0].input);
    const waiting = this.#waiting;
    this.#waiting = [];
    if (key === undefined) return;
    const { fresh, altered } = withoutRepetitions(waiting);
    const fates = await this.#process(key, fresh);
    const others = [...fates].filter(([one, { repeated }]) => repeated !== undefined && !isRepetition(one, repeated));
    for (const one of [...altered, ...others.map(([one]) => one)]) await this.#refusals.ofConflict(one);
  }

  // ── what comes in ──

  #onBatch({ records }: Batch): Progress | Promise<Progress> {
    if (this.#o.fold === "together") return this.#onRecordsTogether(records);
    const [record] = records;
    if (record === undefined || records.length > 1) return this.#onRecords(records);
    const through = record.offset;
    const running = this.#onRecord(record);
    return running === undefined ? { through } : running.then(() => ({ through }));
  }

  async #onRecords(records: readonly Delivered[]): Promise<Progress> {
    let through = -1n;
    for (const record of records) {
      await this.#onRecord(record);
      through = record.offset;
    }
    return { through };
  }

  /** All are admitted in their order, and wait for the same few transactions. One that cannot be committed brings the whole batch again. */
  async #onRecordsTogether(records: readonly Delivered[]): Promise<Progress> {
    await this.#teller.room();
    await Promise.all(records.map((record) => this.#onRecord(record)));
    return { through: records.at(-1)!.offset };
  }

  #onRecord(record: Delivered): void | Promise<void> {
    this.#counts.deliveries++;
    const { topic, value: bytes } = record;
    const delivery = { bytes, topic, recordKey: this.#keyText(record.key), headers: headerTexts(record.headers) };
    const admitted = this.#admit(delivery);
    if (!admitted.ok) return this.#refusals.ofRecord(record, admitted.code, admitted.place);
    if (topicSpec(topic)?.delivery === "market") return this.#onMarket(admitted);
    return this.#onMessage(admitted, record);
  }

  #admit(delivery: Delivery) {
    this.#counts.opened++;
    return admit(delivery, this.#o.keys, this.#o.mode, this.#o.loop.nowMs());
  }

  async #onMessage({ opened, payload }: Admitted, record: Delivered): Promise<void> {
    const { body } = opened;
    const { topic, type } = { topic: body.topic, type: body.type };
    const input: Input = {
      kind: "message",
      topic,
      type,
      body,
      payload,
      attached: opened.attached,
      bytes: opened.bytes,
      digest: opened.digest,
    };
    if (this.#o.agent.keyOf(input) === undefined) return;
    const refusal = await this.#tooOldOrTooMuch(opened);
    if (refusal !== undefined) return this.#refusals.ofRecord(record, refusal, "pipeline");
    const journalled = { kind: "message" as const, topic, msgId: body.msgId, digest: hex(opened.digest) };
    const pending = { input, cause: causeOf(opened), journalled, inbox: inboxOf(opened) };
    const outcome = await this.#take(pending);
    if (outcome === "conflict") await this.#refusals.ofRecord(record, "CONFLICT", "inbox");
  }

  /** Market data, checkpoints and heartbeats: by high-water mark instead of an inbox. */
  #onMarket({ opened, payload }: Admitted): void | Promise<void> {
    const { body } = opened;
    if (!this.#positions.advance(body.topic, body.key, body.seq ?? 0n)) return;
    if (body.type === "audit.checkpoint") return this.#lease.read(payload as Checkpoint);
    const message = marketMessage(opened, payload);
    if (message === undefined) return this.#onLease(opened, payload);
    const reports = this.#o.edge?.onMarket?.(message) ?? [];
    const trigger = this.#view.fold(message);
    if (!this.#awake || (trigger === undefined && reports.length === 0)) return;
    return this.#afterMarket(opened, reports, trigger);
  }

  async #afterMarket(
    opened: Opened,
    reports: readonly EdgeReport[],
    trigger: { name: string; data: unknown } | undefined,
  ) {
    for (const report of reports) await this.#insist(() => this.report(report));
    if (trigger === undefined) return;
    const { name, data } = trigger;
    const cause = causeOf(opened);
    const journalled = { kind: "market" as const, name, ...cause };
    const input = { kind: "market" as const, name, data };
    const inbox = this.#once(`${name} ${cause.msgId}`);
    await this.#insist(() => this.#take({ input, cause, journalled, inbox }));
  }

  /** What the market brings comes once: its high-water mark has passed. So it is tried until the store is back. */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await act();
        return;
      } catch (error) {
        if (this.#o.fold !== "together" || !isTransient(error)) throw error;
        await wait(Math.min(20 * 2 ** tries, 1_000));
      }
    }
  }

  async #onLease(opened: Opened, payload: Message): Promise<void> {
    const { body, bytes, digest } = opened;
    const input: Input = {
      kind: "message",
      topic: body.topic,
      type: body.type,
      body,
      payload,
      attached: [],
      bytes,
      digest,
    };
    const journalled = {
      kind: "message" as const,
      topic: body.topic,
      msgId: body.msgId,
      digest: hex(opened.digest),
      bytes,
    };
    await this.#take({ input, cause: causeOf(opened), journalled, inbox: [] });
  }

  async #onFence(): Promise<void> {
    const fence = this.#o.fence.state();
    const msgId = this.#rootId(`fence:${fence.head.seq}`);
    const cause = { msgId, correlationId: msgId };
    await this.#take({ input: { kind: "fence", fence }, cause, journalled: { kind: "fence" }, inbox: [] });
  }

  /** A call from another agent, through the same doors; a repetition gets the stored answer. */
  async #serve(call: string, request: Uint8Array): Promise<Uint8Array> {
    const admitted = this.#admit({ bytes: request, topic: call, recordKey: undefined, headers: undefined });
    if (!admitted.ok) throw await this.#refusals.ofCall(call, request, admitted.code, admitted.place);
    const { opened, payload } = admitted;
    const { body } = opened;
    const refusal = await this.#tooOldOrTooMuch(opened);
    if (refusal !== undefined) throw await this.#refusals.ofCall(call, request, refusal, "pipeline");
    const input: Input = { kind: "call", call, type: body.type, body, payload };
    const journalled = { kind: "call" as const, call, bytes: request };
    const outcome = await this.#processOne({ input, cause: causeOf(opened), journalled, inbox: inboxOf(opened) });
    if (outcome === "conflict") throw await this.#refusals.ofCall(call, request, "CONFLICT", "inbox");
    if (outcome.answer === undefined) throw new RpcError("REFUSED", `${this.name} has no answer to ${call}`);
    return outcome.answer;
  }

  /** STALE, FUTURE or RATE_LIMITED. A repetition of what was acted on in time gets the first outcome, however late it comes. */
  async #tooOldOrTooMuch(opened: Opened): Promise<string | undefined> {
    const nowMs = this.#o.loop.nowMs();
    const age = ageOf(opened, nowMs);
    if (age !== undefined && !(await this.#isRepetition(opened))) return age.code;
    // What states that something happened, such as a fill, is never too much: backpressure holds it, and nothing may lose it.
    if (!asks(opened)) return undefined;
    return this.#rate.take(opened.body.sender, nowMs) ? undefined : "RATE_LIMITED";
  }

  /** By its msg_id, or under its idempotency key by another. */
  async #isRepetition(opened: Opened): Promise<boolean> {
    for (const { msgId } of inboxOf(opened)) if ((await this.#o.store.outcome(msgId)) !== undefined) return true;
    return false;
  }

  // ── the decision and its transaction ──

  async #take(pending: Pending): Promise<"done" | "conflict"> {
    if (this.#o.agent.keyOf(pending.input) === undefined) return "done";
    if (this.#o.fold === "step") {
      this.#waiting.push(pending);
      return "done";
    }
    return (await this.#processOne(pending)) === "conflict" ? "conflict" : "done";
  }

  async #processOne(pending: Pending): Promise<{ answer: Uint8Array | undefined } | "conflict"> {
    const { answer, repeated } = await this.#fateOf(pending);
    if (repeated === undefined) return { answer };
    if (!isRepetition(pending, repeated)) return "conflict"; // P06.conflict
    return { answer: repeated.outcome.answer };
  }

  async #fateOf(pending: Pending): Promise<Fate> {
    const key = this.#o.agent.keyOf(pending.input);
    if (key === undefined) return {};
    if (this.#o.fold === "together") return this.#together.add(key, pending);
    return (await this.#process(key, [pending])).get(pending) ?? {};
  }

  /** Decides on inputs of one aggregate, in order, and commits once. */
  async #process(key: string, inputs: readonly Pending[]): Promise<Fates> {
    const fates = new Map<Pending, Fate>();
    let left = inputs;
    let claimed: { id: string; pending: Pending } | undefined;
    for (let conflicts = 0; left.length > 0; ) {
      const loaded = this.#cache.get(key) ?? (await this.#o.store.load(key));
      const tried = attempt(this.#o.agent, key, loaded, left, this.#circumstances(claimed));
      this.#counts.decisions += left.length;
      if (tried === undefined) return fates;
      const result = isDurable(tried) ? await this.#commit(tried.commit) : { kind: "said" as const };
      switch (result.kind) {
        case "said":
        case "committed":
          await this.#done(key, tried, result.kind === "committed" ? result.version : loaded.version);
          for (const one of left) fates.set(one, { answer: tried.answers.get(one) });
          return fates;
        case "duplicate": {
          const again = left.find((one) => one.inbox.some(({ msgId }) => msgId === result.msgId));
          if (again === undefined) throw new Error(`${this.name}: nobody brought the message ${result.msgId}`);
          fates.set(again, { repeated: result }); // P06.inbox
          left = left.filter((one) => one !== again);
          break;
        }
        case "claimed": {
          const asked = left.find((one) => tried.claims.get(one)?.includes(result.id));
          if (asked === undefined) throw new Error(`${this.name}: nobody asked for the claim ${result.id}`);
          claimed = { id: result.id, pending: asked };
          break;
        }
        case "conflict":
          if (++conflicts > CONFLICTS_MAX)
            throw new StoreError("STORE_CONTENDED", `${this.name}: ${conflicts} conflicts in a row on ${result.on}`);
          // Replicas that retry at once meet again.
          if (conflicts > 1) await wait(Math.random() * Math.min(2 ** conflicts, CONFLICT_WAIT_MAX_MS));
          await this.#teller.load();
      }
      // Whatever refused it, what we remember of this aggregate may be old.
      this.#cache.delete(key);
    }
    return fates;
  }

  async #commit(commit: Attempt["commit"]): Promise<CommitResult> {
    try {
      return await this.#o.store.commit(commit);
    } catch (error) {
      // It may have committed all the same: then its records are in the outbox and only there.
      this.#teller.doubt();
      throw error;
    }
  }

  #circumstances(claimed: { id: string; pending: Pending } | undefined) {
    const { fence, loop, signer, edge } = this.#o;
    return {
      sender: this.name,
      nowMs: loop.nowMs(),
      view: this.#view.value,
      fence: fence.state(),
      auditTrailing: this.#lease.trailing(this.#teller.chains, (topic) => topicSpec(topic)?.delivery === "record"),
      chains: this.#teller.chains,
      positions: this.#positions.ofMarket(),
      claimed,
      signer,
      finish: edge?.finish?.bind(edge),
      snapshot: this.#view.snapshotIfDue(),
      published: this.#teller.published,
    };
  }

  /** After the commit, in this order: remember, publish, alert, act. */
  async #done(key: string, tried: Attempt, version: bigint): Promise<void> {
    const { commit } = tried;
    if (tried.changed && this.#o.fold !== "together") this.#cache.set(key, { state: tried.state, version });
    this.#teller.advance(tried.chains, tried.sealed.length, isDurable(tried));
    if (isDurable(tried)) {
      this.#counts.inboxRows += commit.inbox.length;
      this.#teller.forgetPublished(commit.published);
      if (commit.snapshot !== undefined) this.#view.written();
      for (const id of commit.cancelledTimers) this.#timers.cancel(id);
      for (const timer of commit.timers) this.#timers.set(timer);
    }
    for (const { row, bytes, draft } of tried.sealed) {
      if (row?.kind === "call") this.#callLater(row);
      else if (row !== undefined) await this.#teller.send(row);
      else if (draft.effect.kind === "publish") await this.#teller.publish(draft.effect.topic, draft.effect.key, bytes);
    }
    for (const effect of tried.effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === "alert") this.#o.onAlert?.(this.name, effect.code, effect.text);
    if (effect.kind !== "act") return;
    // At once, so that an act of a later decision, such as a halt's, cannot overtake it; what the edge reports is a task of its own.
    for (const report of this.#o.edge?.act?.(effect.name, effect.data) ?? [])
      this.#o.loop.post(() => this.report(report));
  }

  // ── what goes out ──

  #callLater(row: OutboxRow): void {
    const { loop } = this.#o;
    if (loop.spawn === undefined) {
      loop.post(() => this.#call(row));
      return;
    }
    // To one server one after the other, in the order of the commits: what is proposed second builds on the first.
    const before = this.#calls.get(row.topic) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#calls.set(row.topic, promise);
    loop.spawn(async () => {
      await before;
      await this.#call(row);
      resolve();
    });
  }

  /** The same bytes however often it is tried; the answer, or that there is none, is an input like any other. */
  async #call(row: OutboxRow): Promise<void> {
    const at = row.topic.indexOf("@");
    const call = row.topic.slice(0, at);
    const id = row.callId ?? "";
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#o.rpc.call(call, row.topic.slice(at + 1), row.bytes, { deadlineMs: CALL_DEADLINE_MS });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      await this.#noAnswer(id, error.code);
    }
    if (bytes !== undefined) await this.#onAnswer(id, call, bytes);
    // Only now: a crash before this makes the call once more, and the callee gives the same answer.
    this.#teller.markPublished(row.msgId);
  }

  async #onAnswer(id: string, call: string, bytes: Uint8Array): Promise<void> {
    // An answer may be a record of its own topic; the reader checks it as what it says it is.
    const peeked = openEnvelope(bytes, this.#o.keys);
    const isRecord = peeked.ok && topicSpec(peeked.body.topic) !== undefined;
    const recordKey = isRecord ? peeked.body.key : undefined;
    const admitted = this.#admit({ bytes, topic: isRecord ? peeked.body.topic : call, recordKey, headers: undefined });
    if (!admitted.ok) return this.#noAnswer(id, admitted.code);
    const { opened, payload } = admitted;
    const { body } = opened;
    const input: Input = { kind: "answer", id, type: body.type, body, payload };
    const pending = {
      input,
      cause: causeOf(opened),
      journalled: { kind: "answer" as const, id, bytes },
      inbox: inboxOf(opened),
    };
    if ((await this.#take(pending)) === "conflict") await this.#noAnswer(id, "CONFLICT");
  }

  async #noAnswer(id: string, code: string): Promise<void> {
    const msgId = this.#rootId(`no-answer:${id}`);
    const input = { kind: "no-answer" as const, id, code };
    await this.#take({ input, cause: { msgId, correlationId: msgId }, journalled: input, inbox: [] });
  }

  // ── what is remembered ──

  async #onTimer({ id, dueMs, data, correlationId }: TimerRow): Promise<void> {
    const msgId = deriveMsgId({ timeMs: dueMs, sender: this.name, causationId: `timer:${id}`, effectIndex: 0 });
    const input = { kind: "timer" as const, id, dueMs, data };
    const journalled = { ...input, correlationId };
    await this.#take({ input, cause: { msgId, correlationId }, journalled, inbox: this.#once(msgId) });
  }

  /**
   * What happens once by itself where there is one life and one replica, such as a timer or a bar that closes, and has to be told from
   * its repetition where another life, or a replica, sees it too.
   */
  #once(what: string): Pending["inbox"] {
    return this.#o.fold === "together" ? [{ msgId: what, digest: sha256(Buffer.from(what)) }] : [];
  }

  /** The id of something that no message caused. */
  #rootId(what: string): string {
    return deriveMsgId({ timeMs: this.#o.loop.nowMs(), sender: this.name, causationId: what, effectIndex: 0 });
  }

  #keyText(key: Uint8Array): string {
    const known = this.#keyTexts.get(key);
    if (known !== undefined) return known;
    const text = Buffer.from(key).toString();
    this.#keyTexts.set(key, text);
    return text;
  }
}

function headerTexts(headers: Delivered["headers"]): Readonly<Record<string, string>> | undefined {
  let texts: Record<string, string> | undefined;
  for (const name in headers) {
    texts ??= {};
    texts[name] = Buffer.from(headers[name]?.[0] ?? []).toString();
  }
  return texts;
}
