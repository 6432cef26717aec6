/**
 * Puts a run's journals before the agents again (P09): each decision sees what it saw, in the order in which it saw it, and must have the
 * same effects, byte for byte. It needs the run's folder and the trace, which must have the recorded digest; no database, no network.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import type { Release } from "@countersign/agent-market";
import { auditLines } from "@countersign/audit";
import { BodySchema, EntryPostedSchema, SignedSchema, topicSpec } from "@countersign/contracts";
import { envelopeFromJson, type Opened, openEnvelope } from "@countersign/envelope";
import { FenceReader, genesisDigest, peekPropose, readEntry } from "@countersign/quorum";
import {
  decodeJson,
  type Effect,
  effectsDigest,
  type Input,
  type JournalEntry,
  marketMessage,
  payloadOf,
} from "@countersign/runtime";
import { type AgentsConfig, makeAgents, type Seat } from "./agents.ts";
import { ReplayKeys } from "./keys.ts";

export interface ReplayReport {
  /** Per agent, in the order of the platform's list. */
  readonly decisions: Readonly<Record<string, number>>;
  /** The first decision of an agent that came out otherwise; none when the run is reproduced. */
  readonly differing: readonly { readonly agent: string; readonly n: number; readonly what: string }[];
}

class ReplayError extends Error {
  readonly code: "BAD_FOLDER" | "MISSING_RECORD" | "OTHER_TRACE";

  constructor(code: ReplayError["code"], message: string) {
    super(message);
    this.name = "ReplayError";
    this.code = code;
  }
}

export interface ReplayOptions {
  readonly dir: string;
  readonly config: AgentsConfig;
  /** The trace, sealed again from the run's seed. */
  readonly market: AsyncIterable<readonly Release[]>;
}

export async function replayJournals({ dir, config, market }: ReplayOptions): Promise<ReplayReport> {
  const records = readRecords(dir);
  const fence = readFence(records);
  const open = (bytes: Uint8Array) => openEnvelope(bytes, fence.keys);
  const byId = new Map<string, Opened>();
  for (const bytes of records) {
    const opened = open(bytes);
    if (opened.ok) byId.set(opened.body.msgId, opened);
  }
  const journals = readJournals(dir);
  const clock = { nowMs: 0 };
  const surroundings = {
    mode: "replay" as const,
    signers: new ReplayKeys(config.seed),
    keys: fence.keys,
    fence: () => fence.state(),
    fenceFresh: () => true,
    nowMs: () => clock.nowMs,
    session: config.seed,
  };
  const agents = makeAgents(config, surroundings).map(
    (seat) => new Replayed(seat, journals.get(seat.agent.canvas.agent) ?? [], byId, open),
  );
  for await (const batch of market) {
    for (const { bytes } of batch) {
      const opened = open(bytes);
      if (!opened.ok) throw new ReplayError("BAD_FOLDER", `the trace, sealed again, is refused: ${opened.code}`);
      for (const agent of agents) agent.fold(opened);
    }
  }
  for (const agent of agents) agent.finish();
  return {
    decisions: Object.fromEntries(agents.map(({ name, decided }) => [name, decided])),
    differing: agents.flatMap(({ differing }) => (differing === undefined ? [] : [differing])),
  };
}

/** One agent: its view, its aggregates, and the rest of its journal. */
class Replayed {
  readonly name: string;
  decided = 0;
  differing: ReplayReport["differing"][number] | undefined;
  readonly #seat: Seat;
  readonly #journal: readonly JournalEntry[];
  readonly #records: ReadonlyMap<string, Opened>;
  readonly #open: (bytes: Uint8Array) => ReturnType<typeof openEnvelope>;
  readonly #topics: ReadonlySet<string>;
  readonly #states = new Map<string, unknown>();
  readonly #view: unknown;

  constructor(
    seat: Seat,
    journal: readonly JournalEntry[],
    records: ReadonlyMap<string, Opened>,
    open: Replayed["open"],
  ) {
    this.name = seat.agent.canvas.agent;
    this.#seat = seat;
    this.#journal = journal;
    this.#records = records;
    this.#open = open;
    this.#topics = new Set(seat.agent.canvas.observes.map(({ topic }) => topic));
    this.#view = seat.agent.view.create();
  }

  get open() {
    return this.#open;
  }

  /** The next message of the market: first every decision that had not seen it yet. */
  fold(opened: Opened): void {
    const { body } = opened;
    if (!this.#topics.has(body.topic)) return;
    const at = `${body.topic} ${body.key}`;
    const seq = body.seq ?? 0n;
    for (let entry = this.#journal[this.decided]; entry !== undefined; entry = this.#journal[this.decided]) {
      if (BigInt(entry.positions[at] ?? "0") >= seq) break;
      this.#decide(entry);
    }
    const payload = payloadOf(opened);
    const message = payload === undefined ? undefined : marketMessage(opened, payload);
    if (message === undefined) return;
    this.#trigger = this.#seat.agent.view.fold(this.#view, message);
  }

  finish(): void {
    for (let entry = this.#journal[this.decided]; entry !== undefined; entry = this.#journal[this.decided])
      this.#decide(entry);
  }

  #trigger: { readonly name: string; readonly data: unknown } | undefined;

  #decide(entry: JournalEntry): void {
    const n = ++this.decided;
    if (this.differing !== undefined) return;
    const { agent } = this.#seat;
    const { input, correlationId } = this.#inputOf(entry);
    const { nowMs, fence, auditTrailing } = entry;
    const state = this.#states.get(entry.key) ?? agent.initial(entry.key);
    const cause = { msgId: entry.cause, correlationId };
    const decision = agent.decide(state, input, { nowMs, view: this.#view, fence, auditTrailing, cause });
    const taken = decision.effects.find((effect) => effect.kind === "claim" && effect.id === entry.claimed);
    const effects = taken?.kind === "claim" ? taken.otherwise : decision.effects;
    if (taken === undefined) this.#states.set(entry.key, decision.state);
    const digest = effectsDigest(effects);
    if (digest !== entry.effects) this.differing = { agent: this.name, n, what: difference(entry, digest, effects) }; // P09.effects
  }

  #inputOf({ input, cause, fence }: JournalEntry): { input: Input; correlationId: string } {
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
          input: { kind: "market", name: input.name, data: this.#trigger?.data ?? null },
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
      throw new ReplayError("MISSING_RECORD", `${this.name} decided on ${msgId}, which audit.jsonl does not hold`);
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

/**
 * A trace with another digest is another market: its journals would differ for a reason that has nothing to do with the agents.
 * Throws ReplayError `OTHER_TRACE`.
 */
export function checkTrace(path: string, recorded: string | undefined, found: string): void {
  if (found !== recorded) throw otherTrace(path, recorded, found); // P09.trace
}

function otherTrace(path: string, recorded: string | undefined, found: string): ReplayError {
  const text = `${path} is not the trace of that run (SHA-256 ${found}, recorded ${recorded}): put the recorded file back`;
  return new ReplayError("OTHER_TRACE", text);
}

function difference({ input, effects: recorded }: JournalEntry, digest: string, effects: readonly Effect[]): string {
  const said = effects.map((effect) => (effect.kind === "publish" ? `publish ${effect.type}` : effect.kind)).join(", ");
  return `${input.kind}: recorded ${recorded.slice(0, 12)}, now ${digest.slice(0, 12)} (${said || "nothing"})`;
}

function readRecords(dir: string): readonly Uint8Array[] {
  const records: Uint8Array[] = [];
  for (const line of auditLines(readFileSync(join(dir, "audit.jsonl")))) {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null && "envelope" in json)
      records.push(envelopeFromJson(json.envelope as never));
  }
  return records;
}

/** The control log of the run, from its records: keys and authority of every later step. */
function readFence(records: readonly Uint8Array[]): FenceReader {
  let fence: FenceReader | undefined;
  for (const bytes of records) {
    const { payload, attached } = fromBinary(SignedSchema, bytes);
    const body = fromBinary(BodySchema, payload ?? new Uint8Array());
    if (body.topic === undefined || topicSpec(body.topic)?.topic !== "control.halt.v1") continue;
    const { entry } = fromBinary(EntryPostedSchema, body.payload ?? new Uint8Array());
    if (entry === undefined) continue;
    const first = readEntry(entry)?.proposes[0];
    const peeked = first === undefined ? undefined : peekPropose(first);
    fence ??= new FenceReader({ genesisDigest: genesisDigest(peeked?.payload ?? new Uint8Array()) });
    fence.apply(entry, attached);
  }
  if (fence === undefined)
    throw new ReplayError("BAD_FOLDER", "audit.jsonl holds no control entry: without a genesis no key is known");
  return fence;
}

function readJournals(dir: string): ReadonlyMap<string, readonly JournalEntry[]> {
  const journals = new Map<string, JournalEntry[]>();
  for (const line of readFileSync(join(dir, "journal.jsonl"), "utf8").split("\n")) {
    if (line === "") continue;
    const { agent, entry } = decodeJson(line) as { agent: string; entry: JournalEntry };
    const journal = journals.get(agent) ?? [];
    journal.push(entry);
    journals.set(agent, journal);
  }
  return journals;
}
