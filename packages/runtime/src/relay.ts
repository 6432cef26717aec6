/**
 * The outbox relay: brings what was committed to the bus, in the order of the commits, the same bytes however often it takes. Straight
 * after each commit from memory; whatever may have been missed, such as what an earlier life left, or a commit whose answer was lost,
 * from the table.
 *
 * Of the replicas of an agent one leads, and its relay alone publishes. It takes its own commits from memory where they follow directly
 * on what it has of their (topic, key) chain; where another replica's record is between, or may be, it reads the table, which has both.
 * The other relays tell it that they wrote, and stand ready.
 *
 * It is the one owner of retries to the bus. A record may be published twice (a crash between publishing and marking, a leader that
 * learns late that it is none): the readers' inboxes guard.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, BusError, type OutRecord } from "@countersign/bus";
import { chainKey } from "./drafts.ts";
import { BACKLOG_MAX, type Backlog, type Campaign, type OutboxRow, type Store } from "./store.ts";
import { isTransient } from "./transient.ts";

export interface RelayOptions {
  readonly store: Store;
  readonly bus: Bus;
  /** A row of the outbox as it goes on the bus. */
  readonly recordOf: (row: OutboxRow) => OutRecord;
  readonly onBroken: (error: unknown) => void;
  readonly onPublished?: (rows: readonly OutboxRow[]) => void;
}

const BATCH_MAX = 200;
const PUBLISH_TIMEOUT_MS = 5_000;
const RETRY_BASE_MS = 20;
const RETRY_MAX_MS = 1_000;
/** Marks wait for company: a row that is published twice is no harm, a transaction for each is. */
const MARK_EVERY_MS = 50;
/** A row that waits so long in the table, while the relay has nothing to do, is one nobody told it of. */
const FORGOTTEN_SECONDS = 1;

export class Relay {
  readonly #o: RelayOptions;
  /** Undefined where nobody else publishes. */
  readonly #campaign: Campaign | undefined;
  #leads: boolean;
  #waiting: OutboxRow[] = [];
  /** Of each chain the last seq that waits here or is on the bus, as far as this relay brought it there. */
  readonly #last = new Map<string, bigint>();
  /** On the bus, and not yet marked in the table. */
  #published: string[] = [];
  /** Whether the table may hold more than what waits here. */
  #isDirty = false;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #oldestMs: number | undefined;
  #backlog: Backlog = { rows: 0, ageSeconds: 0 };
  #room: (() => void)[] = [];
  #marking: NodeJS.Timeout | undefined;
  #lastMark: Promise<void> = Promise.resolve();

  constructor(options: RelayOptions) {
    this.#o = options;
    this.#campaign = options.store.campaign?.({
      onWon: () => this.#onWon(),
      onLost: () => this.#onLost(),
      onTold: () => this.doubt(),
      onBacklog: (backlog) => this.#onBacklog(backlog),
      onBroken: (error) => this.#break(error),
    });
    this.#leads = this.#campaign === undefined;
  }

  /** Rows that a commit has just written, in their order. */
  push(rows: readonly OutboxRow[]): void {
    const toPublish = rows.filter(({ kind }) => kind === "publish");
    if (toPublish.length === 0) return;
    if (!this.#leads) {
      this.#campaign?.tell();
      return;
    }
    for (const row of toPublish) this.#take(row);
    if (this.#waiting.length > 0) this.#oldestMs ??= performance.now();
    this.#start();
  }

  /** A commit may have happened without our knowing: look into the table once it can be read. */
  doubt(): void {
    this.#isDirty = true;
    if (!this.#leads) this.#campaign?.tell();
    this.#start();
  }

  /** Age of the oldest row that is not on the bus, s; of the replicas' together, where another leads. */
  get ageSeconds(): number {
    if (!this.#leads) return this.#backlog.ageSeconds;
    return this.#oldestMs === undefined ? 0 : (performance.now() - this.#oldestMs) / 1_000;
  }

  /** Waits while too much waits, here or in the table: shed at the door, not in the middle. */
  async room(): Promise<void> {
    if (!this.#isFull) return;
    await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Marks with the next marks; for a call, when its answer was acted on. */
  mark(msgId: string): void {
    this.#published.push(msgId);
    this.#markSoon();
  }

  /** Waits until everything is on the bus, or the time is over; what is left the next leader or the next life publishes. */
  async close(drainMs: number): Promise<void> {
    await Promise.race([this.#running, wait(drainMs, undefined, { ref: false })]);
    this.#isClosed = true;
    this.#makeRoom();
    clearTimeout(this.#marking);
    await this.#mark().catch(() => {});
    await this.#campaign?.close();
  }

  get #isFull(): boolean {
    return this.#waiting.length >= BACKLOG_MAX || this.#backlog.rows >= BACKLOG_MAX;
  }

  /** Queues the row if it follows on what is here; else the table is read, where it stands behind what it follows on. */
  #take(row: OutboxRow): void {
    const chain = chainKey(row.topic, row.key);
    const last = this.#last.get(chain) ?? (row.seq === 1n ? 0n : undefined);
    if (last !== undefined && last + 1n === row.seq) {
      this.#last.set(chain, row.seq);
      this.#waiting.push(row);
    } else if (last === undefined || row.seq === undefined || row.seq > last) this.#isDirty = true;
  }

  #onWon(): void {
    this.#leads = true;
    this.doubt(); // P12.lead
  }

  /** What waits is in the table, for whoever leads next. What is published stays published: it is marked all the same. */
  #onLost(): void {
    this.#leads = false;
    this.#isDirty = false;
    this.#forget();
  }

  #forget(): void {
    this.#waiting = [];
    this.#last.clear();
    this.#oldestMs = undefined;
  }

  #onBacklog(backlog: Backlog): void {
    this.#backlog = backlog;
    this.#makeRoom();
    if (this.#leads && this.#running === undefined && backlog.ageSeconds > FORGOTTEN_SECONDS) this.doubt(); // P12.forgotten
  }

  #makeRoom(): void {
    if (!this.#isFull || this.#isClosed) for (const resolve of this.#room.splice(0)) resolve();
  }

  /** Without work there is nothing to await: it would be over before it is known to run, and be held to run for ever. */
  #start(): void {
    if (this.#running !== undefined || !this.#hasWork) return;
    this.#running = this.#run().catch((error: unknown) => this.#break(error));
  }

  #break(error: unknown): void {
    this.#isClosed = true;
    this.#makeRoom();
    this.#o.onBroken(error);
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#hasWork; ) {
      try {
        if (this.#waiting.length === 0 && this.#isDirty) await this.#reload();
        await this.#publish();
        failures = 0;
      } catch (error) {
        if (!isTransient(error) && !isUnmade(error)) throw error;
        await wait(Math.min(RETRY_BASE_MS * 2 ** failures++, RETRY_MAX_MS) * (0.5 + Math.random() / 2));
      }
    }
    this.#running = undefined;
    this.#makeRoom();
  }

  get #hasWork(): boolean {
    return this.#leads && !this.#isClosed && (this.#isDirty || this.#waiting.length > 0);
  }

  async #publish(): Promise<void> {
    const rows = this.#waiting.slice(0, BATCH_MAX);
    if (rows.length === 0) return;
    await this.#o.bus.publish(rows.map(this.#o.recordOf), { timeoutMs: PUBLISH_TIMEOUT_MS }); // P12.acknowledged
    this.#published.push(...rows.map(({ msgId }) => msgId));
    // Unless what waited was forgotten meanwhile.
    if (this.#waiting[0] === rows[0]) this.#waiting = this.#waiting.slice(rows.length);
    this.#oldestMs = this.#waiting.length === 0 ? undefined : performance.now();
    if (!this.#hasWork) this.#backlog = { rows: 0, ageSeconds: 0 };
    this.#o.onPublished?.(rows);
    this.#markSoon();
    this.#makeRoom();
  }

  /** Only when nothing waits: what waits is in its chains' order already, and a long backlog is read once, not with every commit. */
  async #reload(): Promise<void> {
    this.#isDirty = false;
    try {
      await this.#mark();
      const rows = await this.#o.store.unpublished("publish", BACKLOG_MAX);
      if (!this.#leads) return;
      if (rows.length === BACKLOG_MAX) this.#isDirty = true;
      this.#merge(rows);
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  /** The table's order is the commits'; what waits by now and is not in it was committed after the table was read. */
  #merge(rows: readonly OutboxRow[]): void {
    const inTable = new Set(rows.map(({ msgId }) => msgId));
    const later = this.#waiting.filter(({ msgId }) => !inTable.has(msgId));
    const chains = new Set(rows.map(({ topic, key }) => chainKey(topic, key)));
    this.#waiting = [...rows];
    for (const { topic, key, seq } of rows) if (seq !== undefined) this.#last.set(chainKey(topic, key), seq);
    for (const row of later) {
      // Of a chain that is not in the table it followed on what was published before.
      if (chains.has(chainKey(row.topic, row.key))) this.#take(row);
      else this.#waiting.push(row);
    }
    if (this.#waiting.length > 0) this.#oldestMs ??= performance.now();
  }

  #markSoon(): void {
    if (this.#marking !== undefined || this.#isClosed) return;
    this.#marking = setTimeout(() => {
      this.#marking = undefined;
      // What cannot be marked now is published again by the next life: no harm.
      this.#mark().catch(() => this.#markSoon());
    }, MARK_EVERY_MS);
  }

  /** One after the other: who reads the table next must not find what is just being marked. */
  #mark(): Promise<void> {
    const marked = this.#lastMark.catch(() => {}).then(() => this.#markNow());
    this.#lastMark = marked;
    return marked;
  }

  async #markNow(): Promise<void> {
    const msgIds = this.#published;
    if (msgIds.length === 0) return;
    this.#published = [];
    try {
      await this.#o.store.markPublished(msgIds);
    } catch (error) {
      this.#published = [...msgIds, ...this.#published];
      throw error;
    }
  }
}

/** Whoever installs a cluster makes its topics while its processes start. */
function isUnmade(error: unknown): boolean {
  return error instanceof BusError && error.code === "UNKNOWN_TOPIC";
}
