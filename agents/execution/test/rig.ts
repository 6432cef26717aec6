/**
 * An Execution between a store and a queue of acts, as its shell runs it: state and claims outlive the process, acts do not. Every
 * state, input and decision is frozen, so that whatever changes one in place throws.
 */
import type { Message } from "@bufbuild/protobuf";
import type { FenceState } from "@countersign/contracts";
import type { CallEffect, Effect, Input, MarketMessage, PublishEffect } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import { edgeInput } from "../src/core/edge-input.ts";
import type { ExecutionState } from "../src/core/state.ts";
import { type Execution, type ExecutionConfig, makeExecution } from "../src/main.ts";
import { config, depositEntry, NOW_MS, OPEN } from "./world.ts";

export class Rig {
  execution: Execution;
  state: ExecutionState;
  fence: FenceState = OPEN;
  nowMs = NOW_MS;
  auditTrailing = 0;
  auditStale = false;
  readonly claims = new Set<string>();
  /** Not yet carried out. */
  acts: { readonly name: string; readonly data: unknown }[] = [];
  readonly published: PublishEffect[] = [];
  readonly calls: CallEffect[] = [];
  readonly alerts: string[] = [];
  /** Client order ids, each time one was written to a venue, in whatever process. */
  readonly writes: string[] = [];
  #view;
  readonly #config: ExecutionConfig;

  constructor(fields: Partial<ExecutionConfig> = {}) {
    this.#config = { ...config, fence: () => this.fence, nowMs: () => this.nowMs, ...fields };
    this.execution = makeExecution(this.#config);
    this.state = this.execution.agent.initial("main");
    this.#view = this.execution.agent.view.create();
    this.#start();
    this.decide(depositEntry());
  }

  /** One input and one commit; its effects. What is acted on waits in `acts`. */
  decide(input: Input): readonly Effect[] {
    const { agent } = this.execution;
    if (agent.keyOf(input) !== "main") return [];
    const { nowMs, fence, auditTrailing, auditStale } = this;
    const cause = "body" in input ? input.body : { msgId: "cause", correlationId: "correlation" };
    const context = { nowMs, fence, auditTrailing, auditStale, view: this.#view, cause };
    const decision = agent.decide(deepFreeze(this.state), deepFreeze(input), deepFreeze(context));
    const taken = decision.effects.find((effect) => effect.kind === "claim" && this.claims.has(effect.id));
    const effects = taken?.kind === "claim" ? taken.otherwise : decision.effects;
    if (taken === undefined) this.state = decision.state;
    for (const effect of deepFreeze(effects)) this.#carry(effect);
    return effects;
  }

  /** Carries out what waits, and decides upon what comes of it, until nothing is left. */
  settle(): void {
    for (let act = this.acts.shift(); act !== undefined; act = this.acts.shift()) this.act(act);
  }

  act({ name, data }: { readonly name: string; readonly data: unknown }): void {
    for (const report of this.execution.edge.act(name, data)) {
      const known = name === "send" ? edgeInput(report.name, report.data) : undefined;
      for (const news of known?.name === "reports" ? known.data.reports : [])
        if (news.type !== "refused") this.writes.push(news.clientOrderId);
      this.decide({ kind: "edge", ...report });
    }
  }

  /** As the shell does it: the venue first, then the view, then the decisions. */
  quote(message: MarketMessage): readonly Effect[] {
    const reports = this.execution.edge.onMarket(message);
    this.execution.agent.view.fold(this.#view, message);
    return reports.flatMap((report) => this.decide({ kind: "edge", ...report }));
  }

  /** The control log has moved, and this process has read it. */
  setFence(fence: FenceState): readonly Effect[] {
    this.fence = fence;
    return this.decide({ kind: "fence", fence });
  }

  /** kill -9: the venue in it, its memory, its connections and its acts are gone. */
  kill(): void {
    this.acts = [];
    this.execution.line?.close();
  }

  /** Over what the process before it, which was killed, has left in the store. */
  restart(session: string): void {
    this.kill();
    this.execution = makeExecution({ ...this.#config, venue: { ...this.#config.venue, session } });
    this.#start();
  }

  #start(): void {
    this.execution.line?.open(
      async (report) => {
        this.decide({ kind: "edge", ...report });
        this.settle();
      },
      (error) => {
        throw error;
      },
    );
    for (const report of this.execution.edge.started()) this.decide({ kind: "edge", ...report });
  }

  /** Payloads of a type, oldest first. */
  said<T extends Message>(type: string): T[] {
    return this.published.filter((effect) => effect.type === type).map(({ payload }) => payload as T);
  }

  #carry(effect: Effect): void {
    if (effect.kind === "claim") this.claims.add(effect.id);
    if (effect.kind === "act") this.acts.push(effect);
    if (effect.kind === "publish") this.published.push(effect);
    if (effect.kind === "call") this.calls.push(effect);
    if (effect.kind === "alert") this.alerts.push(effect.code);
  }
}
