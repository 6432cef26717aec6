/** Inputs that no message brings: ticks, timers, reports of the edge, the fence, calls that got no answer. */
import { deriveMsgId, sha256 } from "@countersign/envelope";
import type { Decider } from "./decider.ts";
import type { EdgeReport } from "./edge.ts";
import type { Loop } from "./loop.ts";
import type { Pending } from "./pending.ts";
import type { Fence } from "./ports.ts";
import type { Probe } from "./probe.ts";
import type { TimerRow } from "./store.ts";

export interface OwnInputsOptions {
  readonly name: string;
  readonly fence: Fence;
  readonly loop: Loop;
  readonly fold?: "each" | "step" | "together";
  readonly probe?: Probe;
  readonly decider: Pick<Decider<unknown, unknown>, "take" | "concerns">;
}

export class OwnInputs {
  readonly #o: OwnInputsOptions;
  #ticks = 0;

  constructor(options: OwnInputsOptions) {
    this.#o = options;
  }

  async tick(): Promise<void> {
    const cause = this.#root(`tick:${this.#ticks++}`);
    await this.#take({ input: { kind: "tick" }, cause, journalled: { kind: "tick" }, inbox: [] });
  }

  async report(report: EdgeReport): Promise<void> {
    await this.#end(this.reported(report));
  }

  /** The input that a report is, with the work on it begun. */
  reported({ id, name, data, correlationId }: EdgeReport): Pending {
    const input = { kind: "edge" as const, id, name, data };
    const root = this.#root(`edge:${name}:${id}`);
    if (correlationId === undefined) return this.#begun({ input, cause: root, journalled: input, inbox: [] });
    return this.#begun({
      input,
      cause: { ...root, correlationId },
      journalled: { ...input, correlationId },
      inbox: [],
    });
  }

  async fence(): Promise<void> {
    const fence = this.#o.fence.state();
    const cause = this.#root(`fence:${fence.head.seq}`);
    await this.#take({ input: { kind: "fence", fence }, cause, journalled: { kind: "fence" }, inbox: [] });
  }

  async timer({ id, dueMs, data, correlationId }: TimerRow): Promise<void> {
    const { name } = this.#o;
    const msgId = deriveMsgId({ timeMs: dueMs, sender: name, causationId: `timer:${id}`, effectIndex: 0 });
    const input = { kind: "timer" as const, id, dueMs, data };
    const journalled = { ...input, correlationId };
    await this.#take({ input, cause: { msgId, correlationId }, journalled, inbox: this.once(msgId) });
  }

  async noAnswer(id: string, code: string): Promise<void> {
    const input = { kind: "no-answer" as const, id, code };
    await this.#take({ input, cause: this.#root(`no-answer:${id}`), journalled: input, inbox: [] });
  }

  /**
   * What happens once by itself where there is one life and one replica, such as a timer or a bar that closes, and has to be told from
   * its repetition where another life, or a replica, sees it too.
   */
  once(what: string): Pending["inbox"] {
    return this.#o.fold === "together" ? [{ msgId: what, digest: sha256(Buffer.from(what)) }] : [];
  }

  /** The cause of something that no message caused. */
  #root(what: string): Pending["cause"] {
    const { name, loop } = this.#o;
    const msgId = deriveMsgId({ timeMs: loop.nowMs(), sender: name, causationId: what, effectIndex: 0 });
    return { msgId, correlationId: msgId };
  }

  async #take(pending: Pending): Promise<void> {
    if (this.#o.decider.concerns(pending)) await this.#end(this.#begun(pending));
  }

  #begun(pending: Pending): Pending {
    const { probe } = this.#o;
    if (probe === undefined) return pending;
    const { input, cause } = pending;
    return { ...pending, work: probe.begin("input", { name: input.kind, ...cause }) };
  }

  async #end(pending: Pending): Promise<void> {
    try {
      await this.#o.decider.take(pending);
    } finally {
      pending.work?.end();
    }
  }
}
