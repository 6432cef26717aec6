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
import { decodeJson, type JournalEntry } from "@countersign/runtime";
import { type AgentsConfig, makeAgents } from "./agents.ts";
import { ReplayKeys } from "./keys.ts";
import { type Differing, ReplayError, ReplayedAgent, type ReplayedView } from "./replayed-agent.ts";

export interface ReplayReport {
  /** Per agent, in the order of the platform's list. */
  readonly decisions: Readonly<Record<string, number>>;
  /** The first decision of an agent that came out otherwise; none when the run is reproduced. */
  readonly differing: readonly Differing[];
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
    mayWrite: () => true,
    nowMs: () => clock.nowMs,
    session: config.seed,
  };
  const agents = makeAgents(config, surroundings).map(
    ({ agent }) => new Replaying(new ReplayedAgent(agent, byId, open), journals.get(agent.canvas.agent) ?? []),
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
    decisions: Object.fromEntries(agents.map(({ agent }) => [agent.name, agent.decided])),
    differing: agents.flatMap(({ agent }) => agent.differing ?? []),
  };
}

/** One agent before a market that comes in one order: each decision is made when everything it had seen has been folded. */
class Replaying {
  readonly #agent: ReplayedAgent;
  readonly #view: ReplayedView;
  readonly #journal: readonly JournalEntry[];

  constructor(agent: ReplayedAgent, journal: readonly JournalEntry[]) {
    this.#agent = agent;
    this.#view = agent.newView();
    this.#journal = journal;
  }

  get agent(): ReplayedAgent {
    return this.#agent;
  }

  /** The next message of the market: first every decision that had not seen it yet. */
  fold(opened: Opened): void {
    const { topic, key, seq = 0n } = opened.body;
    if (!this.#agent.folds(topic)) return;
    const at = `${topic} ${key}`;
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      if (BigInt(entry.positions[at] ?? "0") >= seq) break;
      this.#agent.decide(entry, this.#view);
    }
    this.#agent.fold(this.#view, opened);
  }

  finish(): void {
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) this.#agent.decide(entry, this.#view);
  }

  #next(): JournalEntry | undefined {
    return this.#journal[this.#agent.decided];
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

export function readRecords(dir: string): readonly Uint8Array[] {
  const records: Uint8Array[] = [];
  for (const line of auditLines(readFileSync(join(dir, "audit.jsonl")))) {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null && "envelope" in json)
      records.push(envelopeFromJson(json.envelope as never));
  }
  return records;
}

/** The control log of the run, from its records: keys and authority of every later step. */
export function readFence(records: readonly Uint8Array[]): FenceReader {
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

export function readJournals(dir: string): ReadonlyMap<string, readonly JournalEntry[]> {
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
