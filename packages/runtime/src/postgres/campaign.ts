/**
 * Which of an agent's replicas brings its outbox to the bus: the one that holds the schema's advisory lock, on a session of its own. A
 * replica that dies loses the session and with it the lock; one that cannot reach PostgreSQL any more notices, and stops. In between two
 * may believe that they lead: then records are published twice, which readers bear, and never out of their order.
 *
 * Who does not lead says with NOTIFY that it wrote rows, after its commit and in a statement of its own: a NOTIFY inside would make all
 * commits of the server wait for each other (PostgreSQL orders them by one lock, held until the commit is on disk). What is not heard is
 * found by the next look.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Pool, Session } from "@countersign/postgres";
import { BACKLOG_MAX, type Campaign, type LeaderEvents } from "../store.ts";
import { isTransient } from "../transient.ts";

/** Between two looks at the lock and the backlog. */
const FOLLOWER_LOOK_MS = 250;
const LEADER_LOOK_MS = 1_000;
const RETRY_MS = 500;

const WROTE = "wrote";
const STEPPED_DOWN = "stepped down";

interface Look {
  readonly leads: boolean;
  readonly rows: number;
  readonly age: number;
}

export class PostgresCampaign implements Campaign {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #on: LeaderEvents;
  readonly #running: Promise<void>;
  #session: Session | undefined;
  #leads = false;
  #isClosed = false;
  #isLost = false;
  #isTelling = false;
  #hasToTell = false;
  /** Ends the wait for the next look. */
  #wake: () => void = () => {};

  constructor(pool: Pool, schema: string, on: LeaderEvents) {
    this.#pool = pool;
    this.#schema = schema;
    this.#on = on;
    this.#running = this.#run();
  }

  tell(): void {
    this.#hasToTell = true;
    void this.#tell();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#running;
  }

  /** As often as needed, one at a time; without a session, when there is one. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (this.#hasToTell && this.#session !== undefined) {
      this.#hasToTell = false;
      await this.#session.query("select pg_notify($1, $2)", [this.#name, WROTE]).catch(() => {});
    }
    this.#isTelling = false;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#stand();
      } catch (error) {
        if (!isTransient(error)) {
          this.#resign();
          this.#on.onBroken(error);
          return;
        }
      }
      this.#resign();
      this.#isLost = false;
      await this.#pause(RETRY_MS);
    }
  }

  /** From the beginning of a session to its end. */
  async #stand(): Promise<void> {
    const session = await this.#pool.session({
      onNotify: (_, payload) => this.#onNotify(payload),
      onLost: () => {
        this.#isLost = true;
        this.#resign();
        this.#wake();
      },
    });
    this.#session = session;
    try {
      await session.query(`listen ${this.#name}`);
      void this.#tell();
      while (!this.#isClosed && !this.#isLost) {
        await this.#look(session);
        await this.#pause(this.#leads ? LEADER_LOOK_MS : FOLLOWER_LOOK_MS);
      }
      if (this.#leads && !this.#isLost) {
        await session.query("select pg_advisory_unlock_all()");
        await session.query("select pg_notify($1, $2)", [this.#name, STEPPED_DOWN]);
      }
    } finally {
      this.#session = undefined;
      await session.close();
    }
  }

  async #look(session: Session): Promise<void> {
    // Who has the lock has it until the session ends; taking it again would only count it twice.
    const leads = this.#leads ? "true" : "pg_try_advisory_lock(hashtextextended($1, 0))";
    const text = `select ${leads} as leads, count(*)::int as rows,
        coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as age
      from (select at from ${this.#schema}.outbox
        where not published and kind = 'publish' order by position limit ${BACKLOG_MAX}) waiting`;
    const { rows } = await session.query<Look>(text, this.#leads ? [] : [`countersign.relay.${this.#schema}`]);
    const look = rows[0]!;
    if (this.#isLost || this.#isClosed) return;
    if (look.leads && !this.#leads) {
      this.#leads = true;
      this.#on.onWon();
    }
    this.#on.onBacklog({ rows: look.rows, ageSeconds: Math.max(look.age, 0) });
  }

  #onNotify(payload: string): void {
    if (payload === WROTE && this.#leads) this.#on.onTold();
    if (payload === STEPPED_DOWN && !this.#leads) this.#wake();
  }

  #resign(): void {
    if (!this.#leads) return;
    this.#leads = false;
    this.#on.onLost();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosed || this.#isLost) return;
    const awake = new AbortController();
    this.#wake = () => awake.abort();
    await wait(ms, undefined, { signal: awake.signal }).catch(() => {});
  }

  get #name(): string {
    return `countersign_relay_${this.#schema}`;
  }
}
