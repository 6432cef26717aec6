/** What comes by the bus: record by record through the doors, to the inbox or, on market topics, to the view. */
import { setTimeout as wait } from "node:timers/promises";
import type { Message } from "@bufbuild/protobuf";
import { type Batch, BusError, type Delivered, type Progress } from "@countersign/bus";
import { type Checkpoint, topicSpec } from "@countersign/contracts";
import { hex, type Opened } from "@countersign/envelope";
import type { Agent, Input, Trigger } from "./agent.ts";
import type { AuditLease } from "./audit-lease.ts";
import type { Observes } from "./canvas.ts";
import type { Decider } from "./decider.ts";
import type { Doors } from "./doors.ts";
import type { Edge, EdgeReport } from "./edge.ts";
import type { FoldedView } from "./folded-view.ts";
import { headerTexts } from "./headers.ts";
import type { OwnInputs } from "./own-inputs.ts";
import { causeOf, inboxOf, marketMessage, type Pending } from "./pending.ts";
import type { Admitted } from "./pipeline.ts";
import type { Positions } from "./positions.ts";
import { aboutRecord, DoorTimes, type Probe, type Work } from "./probe.ts";
import type { Refusals } from "./refusals.ts";
import type { Teller } from "./teller.ts";
import { isTransient } from "./transient.ts";

export interface RecordsOptions<S, V> {
  readonly name: string;
  readonly agent: Pick<Agent<S, V>, "canvas">;
  readonly edge?: Edge;
  readonly fold?: "each" | "step" | "together";
  readonly probe?: Probe;
  readonly doors: Doors;
  readonly decider: Decider<S, V>;
  readonly own: OwnInputs;
  readonly teller: Teller;
  readonly refusals: Refusals;
  readonly lease: AuditLease;
  readonly view: FoldedView<V>;
  readonly positions: Positions;
  readonly resumes: boolean;
  /** Given: what the market leads to is decided beside its reading. Called when that finds an invariant broken. */
  readonly onBroken?: (error: unknown) => void;
  /** These topics have to be read from their beginning: where the view's snapshot was, another record stands than the one it had read. */
  readonly onOtherLog: () => void;
}

/** What the market may have led to and is not yet decided, before no more of it is read. */
const BESIDE_MAX = 256;

export class Records<S, V> {
  readonly counts = { deliveries: 0 };
  /** Of each partition that goes on where a snapshot was: the offset of the record that was read last, and comes first. */
  readonly resumed = new Map<string, bigint>();
  readonly #o: RecordsOptions<S, V>;
  readonly #keyTexts = new WeakMap<Uint8Array, string>();
  readonly #observes: ReadonlyMap<string, Observes>;
  /** Of the market, what is read and not yet decided. */
  readonly #beside = new Set<Promise<void>>();
  /** What is insisted upon, the oldest first; each resolves when it is over. */
  readonly #insisted = new Set<Promise<void>>();
  /** Whether one of them has found the store away. */
  #wasAway = false;
  #awake = true;

  constructor(options: RecordsOptions<S, V>) {
    this.#o = options;
    this.#observes = new Map(options.agent.canvas.observes.map((one) => [one.topic, one]));
  }

  /** Asleep the views go on being folded, and nothing is decided upon the market. */
  set awake(awake: boolean) {
    this.#awake = awake;
  }

  onBatch({ records }: Batch): Progress | Promise<Progress> {
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
    const through = records.at(-1)!.offset;
    await this.#o.teller.room();
    if (this.#isReadBeside(records[0]!)) {
      for (const record of records) this.#decideBeside(this.#onRecord(record));
      while (this.#beside.size > BESIDE_MAX) await Promise.race(this.#beside);
      return { through };
    }
    await Promise.all(records.map((record) => this.#onRecord(record))); // P12.offset
    return { through };
  }

  /**
   * Whether nobody waits for what its records lead to: a restart reads the market again from the view's snapshot, which is never taken
   * over what is undecided. So the view is not kept from the next quote by a transaction.
   */
  #isReadBeside({ topic }: Delivered): boolean {
    return this.#o.onBroken !== undefined && this.#o.resumes && topicSpec(topic)?.delivery === "market";
  }

  #decideBeside(deciding: void | Promise<void>): void {
    if (deciding === undefined) return;
    const decided = deciding.catch(this.#o.onBroken).finally(() => this.#beside.delete(decided));
    this.#beside.add(decided);
  }

  #onRecord(record: Delivered): void | Promise<void> {
    this.counts.deliveries++;
    const { doors, probe } = this.#o;
    const { topic, value: bytes } = record;
    const times = probe && new DoorTimes();
    const delivery = { bytes, topic, recordKey: this.#keyText(record.key), headers: headerTexts(record.headers) };
    const admitted = doors.admit(delivery, times);
    const isMarket = topicSpec(topic)?.delivery === "market";
    if (isMarket && probe !== undefined) times?.tell(probe);
    if (this.#o.resumes && topic.startsWith("market.")) {
      this.#checkResumed(record, admitted);
      this.#o.view.passed(record);
    }
    if (!admitted.ok) return this.#refuse(record, admitted.code, admitted.place, isMarket);
    return isMarket ? this.#onMarket(admitted, record) : this.#onMessage(admitted, record, times);
  }

  async #refuse(record: Delivered, code: string, place: string, isMarket: boolean): Promise<void> {
    const { refusals, probe, view } = this.#o;
    probe?.refused(code, place);
    if (!isMarket) return refusals.ofRecord(record, code, place);
    view.undecided(record);
    await this.#insist(() => refusals.ofRecord(record, code, place));
    view.settle(record);
  }

  async #onMessage(admitted: Admitted, record: Delivered, times: DoorTimes | undefined): Promise<void> {
    const { opened } = admitted;
    const input = inputOf(admitted, opened.attached);
    if (!this.#o.decider.concerns({ input })) return;
    const { probe, name } = this.#o;
    const work = times && probe?.begin("process", aboutRecord(opened, record, name, times.startedMs));
    if (work !== undefined) times?.tell(work);
    try {
      await this.#decide(opened, input, record, work);
    } finally {
      work?.end();
    }
  }

  async #decide(opened: Opened, input: Input, record: Delivered, work: Work | undefined): Promise<void> {
    const { doors, decider, refusals } = this.#o;
    const { topic, msgId } = opened.body;
    const { mayWaitMs, isRecorded = false } = this.#observes.get(topic) ?? {};
    const refusal = isRecorded ? undefined : await doors.tooOldOrTooMuch(opened, work);
    if (refusal !== undefined) {
      work?.refused(refusal, "pipeline");
      return refusals.ofRecord(record, refusal, "pipeline");
    }
    const journalled = { kind: "message" as const, topic, msgId, digest: hex(opened.digest) };
    const cause = causeOf(opened);
    const outcome = await decider.take({ input, cause, journalled, inbox: inboxOf(opened), mayWaitMs, work });
    if (outcome !== "conflict") return;
    work?.refused("CONFLICT", "inbox");
    await refusals.ofRecord(record, "CONFLICT", "inbox");
  }

  /** Market data, checkpoints and heartbeats: by high-water mark instead of an inbox. */
  #onMarket(admitted: Admitted, record: Delivered): void | Promise<void> {
    const { opened, payload } = admitted;
    const { body } = opened;
    if (!this.#o.positions.advance(body.topic, body.key, body.seq ?? 0n)) return;
    if (body.type === "audit.checkpoint") return this.#o.lease.read(payload as Checkpoint, performance.now());
    const message = marketMessage(opened, payload);
    if (message === undefined) return this.#onLease(admitted);
    const reports = this.#o.edge?.onMarket?.(message) ?? [];
    const trigger = this.#o.view.fold(message);
    if (!this.#awake || (trigger === undefined && reports.length === 0)) return;
    return this.#afterMarket(opened, record, reports, trigger);
  }

  async #afterMarket(
    opened: Opened,
    record: Delivered,
    reports: readonly EdgeReport[],
    trigger: Trigger | undefined,
  ): Promise<void> {
    const { own, decider, view } = this.#o;
    const reported = reports.map((report) => own.reported(report));
    const triggered = trigger && this.#triggered(opened, record, trigger);
    const all = triggered === undefined ? reported : [...reported, triggered];
    for (const one of all) view.undecided(one); // P12.undecided
    for (const one of all) {
      await this.#insist(() => decider.take(one)); // P12.insist
      one.work?.end();
      view.settle(one);
    }
  }

  #triggered(opened: Opened, record: Delivered, { name, data }: Trigger): Pending {
    const { own, probe } = this.#o;
    const cause = causeOf(opened);
    const journalled = { kind: "market" as const, name, ...cause };
    const input = { kind: "market" as const, name, data };
    const work = probe?.begin("process", aboutRecord(opened, record, this.#o.name, performance.now()));
    const { mayWaitMs } = this.#observes.get(record.topic) ?? {};
    return { input, cause, journalled, inbox: own.once(`${name} ${cause.msgId}`), mayWaitMs, work };
  }

  /**
   * What the market brings comes once: its high-water mark has passed. So it is tried until the store is back. Then they go one after the
   * other, until none is left: nobody acts upon an older bar after a newer one.
   */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    this.#insisted.add(done);
    try {
      for (let tries = 0; ; ) {
        for (let [first] = this.#insisted; this.#wasAway && first !== done; [first] = this.#insisted) await first;
        try {
          await act();
          return;
        } catch (error) {
          if (this.#o.fold !== "together" || !isTransient(error)) throw error;
        }
        this.#wasAway = true;
        if (this.#insisted.values().next().value === done) await wait(Math.min(20 * 2 ** tries++, 1_000));
      }
    } finally {
      this.#insisted.delete(done);
      if (this.#insisted.size === 0) this.#wasAway = false;
      end();
    }
  }

  async #onLease(admitted: Admitted): Promise<void> {
    const { body, bytes, digest } = admitted.opened;
    const { topic, msgId } = body;
    const journalled = { kind: "message" as const, topic, msgId, digest: hex(digest), bytes };
    await this.#o.decider.take({
      input: inputOf(admitted, []),
      cause: causeOf(admitted.opened),
      journalled,
      inbox: [],
    });
  }

  /** The record at which a snapshot was is one it has read; else this is another log, and its offsets say nothing here. */
  #checkResumed({ topic, partition, offset }: Delivered, admitted: { readonly ok: boolean } | Admitted): void {
    const at = `${topic}/${partition}`;
    const expected = this.resumed.get(at);
    if (expected === undefined) return;
    const isKnown = "opened" in admitted && this.#o.positions.knows(admitted.opened.body);
    // Retention took what was read, and more: what is left begins here.
    const isLater = offset > expected;
    if (!isKnown && !isLater) {
      this.#o.onOtherLog();
      throw new BusError("retriable", "BAD_OFFSET", `${at}: at ${offset} stands what the view has never read`);
    }
    this.resumed.delete(at);
  }

  #keyText(key: Uint8Array): string {
    const known = this.#keyTexts.get(key);
    if (known !== undefined) return known;
    const text = Buffer.from(key).toString();
    this.#keyTexts.set(key, text);
    return text;
  }
}

function inputOf({ opened, payload }: Admitted, attached: Opened["attached"]): Input & { kind: "message" } {
  const { body, bytes, digest } = opened;
  return {
    kind: "message",
    topic: body.topic,
    type: body.type,
    body,
    payload: payload as Message,
    attached,
    bytes,
    digest,
  };
}
