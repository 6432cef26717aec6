/**
 * The decision and its transaction: inputs of one aggregate are loaded for, decided upon in their order, committed once, and then carried
 * out. A conflict, a repetition or a claim that is taken throws the try away, and it is done again without what was refused.
 */
import { topicSpec } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import type { Agent, Cause } from "./agent.ts";
import { type Attempt, attempt, isDurable, type Wanted } from "./attempt.ts";
import type { AuditLease } from "./audit-lease.ts";
import { afterConflict, CONFLICTS_MAX } from "./contention.ts";
import type { Edge, EdgeReport } from "./edge.ts";
import type { FoldedView } from "./folded-view.ts";
import type { Loop } from "./loop.ts";
import { type Fate, type Fates, isRepetition, type Pending, type Repeated, withoutRepetitions } from "./pending.ts";
import type { Fence } from "./ports.ts";
import type { Positions } from "./positions.ts";
import type { Probe, Step } from "./probe.ts";
import { type CommitResult, type Loaded, type OutboxRow, type Store, StoreError } from "./store.ts";
import type { Teller } from "./teller.ts";
import type { Timers } from "./timers.ts";
import { Together } from "./together.ts";

export interface DeciderOptions<S, V> {
  readonly agent: Agent<S, V>;
  readonly edge?: Edge;
  readonly signer: Signer;
  readonly store: Store;
  readonly fence: Fence;
  readonly loop: Loop;
  readonly fold?: "each" | "step" | "together";
  readonly alone?: boolean;
  readonly onAlert?: (agent: string, code: string, text: string, cause: Cause) => void;
  readonly probe?: Probe;
  readonly teller: Teller;
  readonly lease: AuditLease;
  readonly timers: Timers;
  readonly view: FoldedView<V>;
  readonly positions: Positions;
  /** A call that was committed, to be made. */
  readonly call: (row: OutboxRow) => void;
  /** What the edge has to say of what it was told to do. */
  readonly report: (report: EdgeReport) => Promise<void>;
}

export class Decider<S, V> {
  readonly counts = { decisions: 0, inboxRows: 0 };
  readonly #o: DeciderOptions<S, V>;
  readonly #name: string;
  /** As the last commit here left it; where replicas write too, each decision asks the store whether it is still so. */
  readonly #cache = new Map<string, Loaded>();
  readonly #together = new Together((key, inputs) => this.#o.teller.alone(() => this.#process(key, inputs)));
  #waiting: Pending[] = [];

  constructor(options: DeciderOptions<S, V>) {
    this.#o = options;
    this.#name = options.agent.canvas.agent;
  }

  /** Whether it is anything to this agent. */
  concerns(pending: Pick<Pending, "input">): boolean {
    return this.#o.agent.keyOf(pending.input) !== undefined;
  }

  /** Whether inputs wait for `flush`. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether replicas decide for this agent, too. */
  get #isShared(): boolean {
    return this.#o.fold === "together" && this.#o.alone !== true;
  }

  async take(pending: Pending): Promise<"done" | "conflict"> {
    if (!this.concerns(pending)) return "done";
    if (this.#o.fold === "step") {
      this.#waiting.push(pending);
      return "done";
    }
    return (await this.takeNow(pending)) === "conflict" ? "conflict" : "done";
  }

  /** Its answer, if it is a call; of a repetition the first one's. */
  async takeNow(pending: Pending): Promise<{ answer: Uint8Array | undefined } | "conflict"> {
    const { answer, repeated } = await this.#fateOf(pending);
    if (repeated === undefined) return { answer };
    if (!isRepetition(pending, repeated)) return "conflict"; // P06.conflict
    return { answer: repeated.outcome.answer };
  }

  /** Folds what waits into one transaction; what is in conflict with what was acted on is handed back. */
  async flush(): Promise<readonly Pending[]> {
    const key = this.#waiting[0] && this.#o.agent.keyOf(this.#waiting[0].input);
    const waiting = this.#waiting;
    this.#waiting = [];
    if (key === undefined) return [];
    const { fresh, altered } = withoutRepetitions(waiting);
    const fates = await this.#process(key, fresh);
    const others = [...fates].filter(([one, { repeated }]) => repeated !== undefined && !isRepetition(one, repeated));
    return [...altered, ...others.map(([one]) => one)];
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
      const loaded = await this.#load(key);
      this.#passed(left, "wait");
      const tried = attempt(this.#o.agent, key, loaded, left, this.#circumstances(left, claimed));
      this.#passed(left, "decide");
      this.counts.decisions += left.length;
      if (tried === undefined) return fates;
      const result = isDurable(tried) ? await this.#commit(tried.commit) : { kind: "said" as const };
      this.#passed(left, "commit");
      switch (result.kind) {
        case "said":
        case "committed":
          await this.#done(key, tried, result.kind === "committed" ? result.version : loaded.version);
          for (const one of left) fates.set(one, { answer: tried.answers.get(one) });
          return fates;
        case "duplicate": {
          // A batch that comes again comes whole: all of it is asked for, instead of one commit for each to be refused by.
          for (const one of left) {
            const repeated = await this.#repetitionOf(one, result);
            if (repeated !== undefined) fates.set(one, { repeated }); // P06.inbox
          }
          if (left.every((one) => !fates.has(one)))
            throw new Error(`${this.#name}: nobody brought the message ${result.msgId}`);
          left = left.filter((one) => !fates.has(one));
          break;
        }
        case "claimed": {
          const asked = left.find((one) => tried.claims.get(one)?.includes(result.id));
          if (asked === undefined) throw new Error(`${this.#name}: nobody asked for the claim ${result.id}`);
          claimed = { id: result.id, pending: asked };
          break;
        }
        case "conflict":
          if (++conflicts > CONFLICTS_MAX)
            throw new StoreError("STORE_CONTENDED", `${this.#name}: ${conflicts} conflicts in a row on ${result.on}`);
          if (conflicts > 1) await afterConflict(conflicts);
          await this.#o.teller.load();
      }
      // Whatever refused it, what we remember of this aggregate may be old.
      this.#cache.delete(key);
    }
    return fates;
  }

  async #load(key: string): Promise<Loaded> {
    const known = this.#cache.get(key);
    return known !== undefined && !this.#isShared ? known : this.#o.store.load(key, known);
  }

  async #repetitionOf({ inbox }: Pending, found: Repeated): Promise<Repeated | undefined> {
    if (inbox.some(({ msgId }) => msgId === found.msgId)) return found;
    for (const { msgId } of inbox) {
      const outcome = await this.#o.store.outcome(msgId);
      if (outcome !== undefined) return { msgId, outcome };
    }
    return undefined;
  }

  #passed(inputs: readonly Pending[], step: Step): void {
    if (this.#o.probe !== undefined) for (const { work } of inputs) work?.step(step);
  }

  async #commit(commit: Attempt["commit"]): Promise<CommitResult> {
    try {
      return await this.#o.store.commit(commit);
    } catch (error) {
      // It may have committed all the same: then its records are in the outbox and only there.
      this.#o.teller.doubt(); // P12.answer-lost
      throw error;
    }
  }

  #circumstances(inputs: readonly Pending[], claimed: { id: string; pending: Pending } | undefined) {
    const { fence, loop, signer, edge, lease, teller, view, positions } = this.#o;
    return {
      sender: this.#name,
      isShared: this.#isShared,
      nowMs: loop.nowMs(),
      view: view.value,
      fence: fence.state(),
      auditTrailing: lease.trailing(teller.chains, (topic) => topicSpec(topic)?.delivery === "record"),
      ...(lease.isStale(performance.now()) && { auditStale: true }),
      chains: teller.chains,
      positions: positions.ofMarket(),
      claimed,
      signer,
      finish: edge?.finish?.bind(edge),
      snapshot: view.snapshotIfDue(inputs),
      published: teller.published,
    };
  }

  /** After the commit, in this order: remember, publish, alert, act. */
  async #done(key: string, tried: Attempt, version: bigint): Promise<void> {
    const { teller, timers, view, call } = this.#o;
    const { commit } = tried;
    const isWritten = isDurable(tried);
    teller.advance(tried.chains, tried.sealed.length, isWritten);
    if (isWritten) {
      if (commit.aggregate !== undefined) this.#cache.set(key, { state: tried.state, version });
      this.counts.inboxRows += commit.inbox.length;
      teller.forgetPublished(commit.published);
      if (commit.snapshot !== undefined) view.written();
      for (const id of commit.cancelledTimers) timers.cancel(id);
      for (const timer of commit.timers) timers.set(timer);
    }
    for (const { row, bytes, draft } of tried.sealed) {
      if (row?.kind === "call") call(row);
      else if (row !== undefined) await teller.send(row);
      else if (draft.effect.kind === "publish") await teller.lease(draft.effect.topic, draft.effect.key, bytes);
    }
    for (const wanted of tried.wanted) this.#carryOut(wanted);
  }

  #carryOut({ effect, by: { cause } }: Wanted): void {
    if (effect.kind === "alert") this.#o.onAlert?.(this.#name, effect.code, effect.text, cause);
    if (effect.kind !== "act") return;
    const { edge, loop, probe, report } = this.#o;
    const act = () => edge?.act?.(effect.name, effect.data, cause) ?? [];
    // At once, so that an act of a later decision, such as a halt's, cannot overtake it; what the edge reports is a task of its own.
    const work = probe?.begin("act", { name: effect.name, ...cause });
    for (const one of work === undefined ? act() : work.run(act)) loop.post(() => report(one));
    work?.end();
  }
}
