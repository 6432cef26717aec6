/** One agent before whom its journal is put again: it folds what it had folded, and each decision must have the same effects. */
import type { Opened, openEnvelope } from "@countersign/envelope";
import {
  type Agent,
  type Effect,
  effectsDigest,
  type Input,
  type JournalEntry,
  marketMessage,
  payloadOf,
} from "@countersign/runtime";

/** The first decision of an agent that came out otherwise. */
export interface Differing {
  readonly agent: string;
  readonly n: number;
  readonly what: string;
}

export class ReplayError extends Error {
  readonly code: "BAD_FOLDER" | "MISSING_RECORD" | "OTHER_TRACE";

  constructor(code: ReplayError["code"], message: string) {
    super(message);
    this.name = "ReplayError";
    this.code = code;
  }
}

type Open = (bytes: Uint8Array) => ReturnType<typeof openEnvelope>;

/** What one process had made of the market. */
export interface ReplayedView {
  readonly of: unknown;
  /** What the view said of a message, by that message's id, until it is decided upon: others may be folded before. */
  readonly triggers: Map<string, unknown>;
}

/** One agent: its aggregates, and how far it is with its journal. */
export class ReplayedAgent {
  readonly name: string;
  decided = 0;
  differing: Differing | undefined;
  readonly #agent: Agent<unknown, unknown>;
  readonly #records: ReadonlyMap<string, Opened>;
  readonly #open: Open;
  readonly #topics: ReadonlySet<string>;
  readonly #states = new Map<string, unknown>();

  /** @param records every record it may have decided on, by msg_id */
  constructor(agent: Agent<unknown, unknown>, records: ReadonlyMap<string, Opened>, open: Open) {
    this.name = agent.canvas.agent;
    this.#agent = agent;
    this.#records = records;
    this.#open = open;
    this.#topics = new Set(agent.canvas.observes.map(({ topic }) => topic));
  }

  /** Whether it reads this topic at all. */
  folds(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** As a process begins that finds no snapshot. */
  newView(): ReplayedView {
    return { of: this.#agent.view.create(), triggers: new Map() };
  }

  fold(view: ReplayedView, opened: Opened): void {
    const payload = payloadOf(opened);
    const message = payload === undefined ? undefined : marketMessage(opened, payload);
    if (message === undefined) return;
    const trigger = this.#agent.view.fold(view.of, message);
    if (trigger !== undefined) view.triggers.set(opened.body.msgId, trigger.data);
  }

  /** The next decision of the journal. */
  decide(entry: JournalEntry, view: ReplayedView): void {
    const n = ++this.decided;
    if (this.differing !== undefined) return;
    const agent = this.#agent;
    const { input, correlationId } = this.#inputOf(entry, view);
    const { nowMs, fence, auditTrailing, auditStale = false } = entry;
    const state = this.#states.get(entry.key) ?? agent.initial(entry.key);
    const cause = { msgId: entry.cause, correlationId };
    const decision = agent.decide(state, input, { nowMs, view: view.of, fence, auditTrailing, auditStale, cause });
    const taken = decision.effects.find((effect) => effect.kind === "claim" && effect.id === entry.claimed);
    const effects = taken?.kind === "claim" ? taken.otherwise : decision.effects;
    if (taken === undefined) this.#states.set(entry.key, decision.state);
    const digest = effectsDigest(effects);
    if (digest !== entry.effects) this.differing = { agent: this.name, n, what: difference(entry, digest, effects) }; // P09.effects
  }

  #inputOf({ input, cause, fence }: JournalEntry, view: ReplayedView): { input: Input; correlationId: string } {
    switch (input.kind) {
      case "message": {
        const opened = input.bytes === undefined ? this.#record(input.msgId) : this.#opened(input.bytes);
        const { body, attached, bytes, digest } = opened;
        const payload = this.#payload(opened);
        return {
          input: { kind: "message", topic: body.topic, type: body.type, body, payload, attached, bytes, digest },
          correlationId: body.correlationId,
        };
      }
      case "call": {
        const opened = this.#opened(input.bytes);
        const { body } = opened;
        return {
          input: { kind: "call", call: input.call, type: body.type, body, payload: this.#payload(opened) },
          correlationId: body.correlationId,
        };
      }
      case "answer": {
        const opened = this.#opened(input.bytes);
        const { body } = opened;
        return {
          input: { kind: "answer", id: input.id, type: body.type, body, payload: this.#payload(opened) },
          correlationId: body.correlationId,
        };
      }
      case "market":
        // The view says it again by itself, having folded the same quotes.
        return {
          input: { kind: "market", name: input.name, data: triggered(view, input.msgId) },
          correlationId: input.correlationId,
        };
      case "timer":
        return {
          input: { kind: "timer", id: input.id, dueMs: input.dueMs, data: input.data },
          correlationId: input.correlationId,
        };
      case "fence":
        return { input: { kind: "fence", fence }, correlationId: cause };
      case "edge":
        return { input, correlationId: input.correlationId ?? cause };
      case "tick":
      case "no-answer":
        return { input, correlationId: cause };
    }
  }

  #record(msgId: string): Opened {
    const opened = this.#records.get(msgId);
    if (opened === undefined)
      throw new ReplayError("MISSING_RECORD", `${this.name} decided on ${msgId}, which is not in the folder`);
    return opened;
  }

  #opened(bytes: Uint8Array): Opened {
    const opened = this.#open(bytes);
    if (!opened.ok)
      throw new ReplayError("BAD_FOLDER", `journal.jsonl holds an envelope that is refused: ${opened.code}`);
    return opened;
  }

  #payload(opened: Opened) {
    const payload = payloadOf(opened);
    if (payload === undefined) throw new ReplayError("BAD_FOLDER", `a ${opened.body.type} that cannot be read`);
    return payload;
  }
}

function difference({ input, effects: recorded }: JournalEntry, digest: string, effects: readonly Effect[]): string {
  const said = effects.map((effect) => (effect.kind === "publish" ? `publish ${effect.type}` : effect.kind)).join(", ");
  return `${input.kind}: recorded ${recorded.slice(0, 12)}, now ${digest.slice(0, 12)} (${said || "nothing"})`;
}

function triggered({ triggers }: ReplayedView, msgId: string): unknown {
  const data = triggers.get(msgId) ?? null;
  triggers.delete(msgId);
  return data;
}
