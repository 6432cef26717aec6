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
 *
 * What comes in is in records.ts, own-inputs.ts and calls.ts, behind doors.ts; the decision and its transaction in decider.ts; what goes
 * out in teller.ts and calls.ts. Here they are put together, started and ended.
 */
import type { Bus } from "@countersign/bus";
import { Mode } from "@countersign/contracts";
import type { Keys, Signer } from "@countersign/envelope";
import type { Agent, Cause, PublishEffect } from "./agent.ts";
import { AuditLease } from "./audit-lease.ts";
import { Calls } from "./calls.ts";
import { Decider } from "./decider.ts";
import { Doors } from "./doors.ts";
import type { Edge, EdgeReport } from "./edge.ts";
import { FoldedView } from "./folded-view.ts";
import type { Loop } from "./loop.ts";
import { OwnInputs } from "./own-inputs.ts";
import type { Fence, RateLimiter, Rpc } from "./ports.ts";
import { Positions } from "./positions.ts";
import type { Probe } from "./probe.ts";
import { RateLimit } from "./rate-limit.ts";
import { Records } from "./records.ts";
import { Refusals } from "./refusals.ts";
import { emptyCommit, type Store } from "./store.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Teller } from "./teller.ts";
import { TimerSweep } from "./timer-sweep.ts";
import { Timers } from "./timers.ts";

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
  /**
   * With `together`: no other replica decides for this agent, so what its last commit left is believed without asking. Were there one all
   * the same, as while one process takes over from another, whatever changes the state would be a conflict, and be decided again.
   */
  readonly alone?: boolean;
  readonly onAlert?: (agent: string, code: string, text: string, cause: Cause) => void;
  /** Given: records go to the bus by a relay of their own, and decisions do not wait for it. Called when that finds an invariant broken. */
  readonly onBroken?: (error: unknown) => void;
  /** Given: told what every message is spent on. */
  readonly probe?: Probe;
  /** Of each sender's commands and calls; otherwise one in memory, of this process alone. */
  readonly limit?: RateLimiter;
  /** The bus outlives this process: the view's snapshot says where in the market topics to go on. Otherwise they are read whole. */
  readonly resumes?: boolean;
}

/** Per sender, of what asks for something. */
export const RATE = { perSecond: 2_000, burst: 10_000 };

export class Host<S, V> {
  readonly name: string;
  readonly #o: HostOptions<S, V>;
  readonly #lease: AuditLease;
  readonly #refusals: Refusals;
  readonly #teller: Teller;
  readonly #timers: Timers;
  readonly #sweep: TimerSweep;
  readonly #view: FoldedView<V>;
  readonly #doors: Doors;
  readonly #decider: Decider<S, V>;
  readonly #own: OwnInputs;
  readonly #calls: Calls<S, V>;
  readonly #records: Records<S, V>;
  readonly #subscriptions: Subscriptions;
  #isReadingAgain = false;
  #ready = false;

  constructor(options: HostOptions<S, V>) {
    this.#o = options;
    this.name = options.agent.canvas.agent;
    const { name } = this;
    const { agent, signer, keys, store, bus, loop, onBroken, resumes = false } = options;
    const positions = new Positions();
    this.#lease = new AuditLease(name, { isTimed: options.mode !== Mode.REPLAY });
    this.#view = new FoldedView(agent.view, positions);
    this.#timers = new Timers(loop, (timer) => this.#own.timer(timer));
    this.#sweep = new TimerSweep(store, (timer) => this.#own.timer(timer));
    const relayed = onBroken === undefined ? {} : { onBroken };
    this.#teller = new Teller({ sender: name, signer, keys, store, bus, nowMs: () => loop.nowMs(), ...relayed });
    this.#refusals = new Refusals(name, bus, this.#teller);
    this.#doors = new Doors({ ...options, limit: options.limit ?? new RateLimit(RATE) });
    const common = { ...options, name, doors: this.#doors, teller: this.#teller, refusals: this.#refusals };
    this.#decider = new Decider({
      ...common,
      lease: this.#lease,
      timers: this.#timers,
      view: this.#view,
      positions,
      call: (row) => this.#calls.make(row),
      report: (report) => this.report(report),
    });
    this.#own = new OwnInputs({ ...common, decider: this.#decider });
    this.#calls = new Calls({ ...common, decider: this.#decider, own: this.#own });
    this.#records = new Records({
      ...common,
      decider: this.#decider,
      own: this.#own,
      lease: this.#lease,
      view: this.#view,
      positions,
      resumes,
      onOtherLog: () => this.#readAgain(),
    });
    const { canvas } = agent;
    this.#subscriptions = new Subscriptions({ bus, canvas, resumes, handler: (batch) => this.#records.onBatch(batch) });
  }

  /** Of the pipeline, by code; each is also on record and in the DLQ. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals.counts;
  }

  get counts() {
    return { ...this.#records.counts, ...this.#decider.counts, ...this.#doors.counts, ...this.#teller.counts };
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Age of the oldest record that is committed and not on the bus, s. */
  get outboxAgeSeconds(): number {
    return this.#teller.outboxAgeSeconds;
  }

  /** Takes up where the store says it was: chains, timers, the view's snapshot, and what was committed but not published. */
  async start(): Promise<void> {
    const { agent, edge, store, rpc, fence, loop, resumes } = this.#o;
    await this.#teller.load();
    const read = this.#view.restore(await store.snapshot());
    for (const timer of await store.timers()) this.#timers.set(timer); // P12.timers
    for (const call of agent.canvas.serves) rpc.serve(call, this.name, (request) => this.#calls.serve(call, request));
    if (resumes)
      for (const { topic, partition, offset } of read) this.#records.resumed.set(`${topic}/${partition}`, offset);
    await this.#subscriptions.open(read);
    for (const report of edge?.started?.() ?? []) loop.post(() => this.report(report));
    fence.onChange(() => loop.post(() => this.#own.fence()));
    for (const row of await this.#teller.resend()) this.#calls.make(row); // P12.calls
    this.#ready = true;
  }

  async close(): Promise<void> {
    this.#ready = false;
    await this.#subscriptions.close();
    this.#timers.close();
    await this.#teller.close();
  }

  /** The views go on being folded, and nothing is decided upon the market: warming up on what was before the day. */
  sleep(): void {
    this.#records.awake = false;
  }

  wake(): void {
    this.#records.awake = true;
  }

  /** Whether inputs wait for `flush`. */
  get hasWaiting(): boolean {
    return this.#decider.hasWaiting;
  }

  /** Something that follows from no decision, such as that it is ready. */
  say(effect: PublishEffect): Promise<void> {
    return this.#teller.say(effect);
  }

  /** The end of a step that wrote a record, or a second: what is periodic happens here. */
  async tick(): Promise<void> {
    await this.#own.tick();
    const { edge, fold, loop, resumes } = this.#o;
    for (const report of edge?.tick?.() ?? []) await this.report(report);
    if (fold === "together") await this.#sweep.run(loop.nowMs()); // P12.sweep
    if (resumes) await this.#writeSnapshot();
  }

  /** Something an edge reports by itself. */
  report(report: EdgeReport): Promise<void> {
    return this.#own.report(report);
  }

  /** Folds what waits into one transaction; for hosts with `fold: "step"`. */
  async flush(): Promise<void> {
    for (const conflict of await this.#decider.flush()) await this.#refusals.ofConflict(conflict);
  }

  /** An agent that seldom commits writes its snapshot by itself, so that a restart never reads much again. */
  async #writeSnapshot(): Promise<void> {
    await this.#teller.alone(async () => {
      const snapshot = this.#view.snapshotIfDue();
      if (snapshot === undefined) return;
      await this.#o.store.commit({ ...emptyCommit, snapshot });
      this.#view.written();
    });
  }

  /** The log is not the one of the snapshot's offsets: it is read from its beginning, and the high-water marks drop what is known. */
  #readAgain(): void {
    if (this.#isReadingAgain) return;
    this.#isReadingAgain = true;
    this.#o.loop.post(() => this.#subscriptions.readAgain(() => this.#records.resumed.clear()));
  }
}
