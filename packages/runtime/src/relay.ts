/**
 * The outbox relay: brings what was committed to the bus, in the order of the commits, the same bytes however often it takes. Straight
 * after each commit from memory; whatever may have been missed, such as what an earlier life left, or a commit whose answer was lost,
 * from the table.
 *
 * It is the one owner of retries to the bus. A record may be published twice (a crash between publishing and marking): the readers'
 * inboxes guard.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Bus, OutRecord } from "@countersign/bus";
import type { OutboxRow, Store } from "./store.ts";
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
/** Rows waiting, above which no new input is taken. */
const FULL = 2_000;
/** Marks wait for company: a row that is published twice is no harm, a transaction for each is. */
const MARK_EVERY_MS = 50;

export class Relay {
  readonly #o: RelayOptions;
  #waiting: OutboxRow[] = [];
  /** On the bus, and not yet marked in the table. */
  #published: string[] = [];
  /** Whether the table may hold more than what waits here. */
  #isDirty = false;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #oldestMs: number | undefined;
  #room: (() => void)[] = [];
  #marking: NodeJS.Timeout | undefined;

  constructor(options: RelayOptions) {
    this.#o = options;
  }

  /** Rows that a commit has just written, in their order. */
  push(rows: readonly OutboxRow[]): void {
    this.#waiting.push(...rows.filter(({ kind }) => kind === "publish"));
    this.#oldestMs ??= performance.now();
    this.#start();
  }

  /** A commit may have happened without our knowing: look into the table once it can be read. */
  doubt(): void {
    this.#isDirty = true;
    this.#start();
  }

  /** Age of the oldest row that is not on the bus, s. */
  get ageSeconds(): number {
    return this.#oldestMs === undefined ? 0 : (performance.now() - this.#oldestMs) / 1_000;
  }

  /** Waits while too much waits: shed at the door, not in the middle. */
  async room(): Promise<void> {
    if (this.#waiting.length < FULL) return;
    await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Marks with the next marks; for a call, when its answer was acted on. */
  mark(msgId: string): void {
    this.#published.push(msgId);
    this.#markSoon();
  }

  /** Waits until everything is on the bus, or the time is over; what is left the next life publishes. */
  async close(drainMs: number): Promise<void> {
    await Promise.race([this.#running, wait(drainMs, undefined, { ref: false })]);
    this.#isClosed = true;
    clearTimeout(this.#marking);
    await this.#mark().catch(() => {});
  }

  #start(): void {
    if (this.#running !== undefined || this.#isClosed) return;
    this.#running = this.#run().catch((error: unknown) => {
      this.#isClosed = true;
      this.#o.onBroken(error);
    });
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed && (this.#isDirty || this.#waiting.length > 0); ) {
      try {
        if (this.#isDirty) await this.#reload();
        const rows = this.#waiting.slice(0, BATCH_MAX);
        if (rows.length > 0) await this.#o.bus.publish(rows.map(this.#o.recordOf), { timeoutMs: PUBLISH_TIMEOUT_MS });
        this.#waiting = this.#waiting.slice(rows.length);
        this.#oldestMs = this.#waiting.length === 0 ? undefined : performance.now();
        this.#published.push(...rows.map(({ msgId }) => msgId));
        this.#o.onPublished?.(rows);
        this.#markSoon();
        if (this.#waiting.length < FULL) for (const resolve of this.#room.splice(0)) resolve();
        failures = 0;
      } catch (error) {
        if (!isTransient(error)) throw error;
        await wait(Math.min(RETRY_BASE_MS * 2 ** failures++, RETRY_MAX_MS) * (0.5 + Math.random() / 2));
      }
    }
    this.#running = undefined;
    for (const resolve of this.#room.splice(0)) resolve();
  }

  async #reload(): Promise<void> {
    this.#isDirty = false;
    try {
      await this.#mark();
      const rows = await this.#o.store.unpublished();
      // The table's order is the commits'; what waits and is not in it yet was committed after the table was read.
      const inTable = new Set(rows.map(({ msgId }) => msgId));
      const later = this.#waiting.filter(({ msgId }) => !inTable.has(msgId));
      this.#waiting = [...rows.filter(({ kind }) => kind === "publish"), ...later];
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  #markSoon(): void {
    if (this.#marking !== undefined || this.#isClosed) return;
    this.#marking = setTimeout(() => {
      this.#marking = undefined;
      // What cannot be marked now is published again by the next life: no harm.
      this.#mark().catch(() => this.#markSoon());
    }, MARK_EVERY_MS);
  }

  async #mark(): Promise<void> {
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
