/**
 * Puts the journals of an exported cluster before its agents again (P09). Processes die and begin anew, several may be one agent's, and
 * each reads the topics of the market in its own order: so a decision finds its view by the positions that it names. What no view has not
 * passed already begins one of its own, as another process did.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envelopeFromJson, type Opened, openEnvelope } from "@countersign/envelope";
import type { JournalEntry } from "@countersign/runtime";
import { AGENTS, makeAgent, operatorSeat, type Surroundings } from "../agents.ts";
import { type ReplayReport, readFence, readJournals, readRecords } from "../replay.ts";
import { ReplayedAgent, type ReplayedView } from "../replayed-agent.ts";
import { configOf, exchangeOf, openingsOf, watchOf } from "./agent.ts";
import { keysDir, readSpec } from "./cluster.ts";
import { KeyFiles } from "./key-files.ts";

/** @param dir the cluster's folder: its settings, strategies and keys  @param exported what `exportCluster` wrote */
export async function replayExport(dir: string, exported: string): Promise<ReplayReport> {
  const spec = readSpec(dir);
  const records = [...readRecords(exported), ...readEnvelopes(exported, "tail.jsonl")];
  const fence = readFence(records);
  const open = (bytes: Uint8Array) => openEnvelope(bytes, fence.keys);
  const byId = new Map<string, Opened>();
  for (const bytes of records) {
    const opened = open(bytes);
    if (opened.ok) byId.set(opened.body.msgId, opened);
  }
  const market = readMarket(exported, open);
  const journals = readJournals(exported);
  const config = await configOf(spec, dir);
  const around: Surroundings = {
    mode: spec.mode,
    signers: new KeyFiles(keysDir(dir), { makes: false }),
    keys: fence.keys,
    fence: () => fence.state(),
    fenceFresh: () => true,
    mayWrite: () => true,
    nowMs: () => 0,
    session: "replay",
    // As it ran: nothing is asked of it, with no key.
    exchange: exchangeOf(spec, { dataDir: dir, secrets: () => ({ venueKey: "none" }), earlierForMs: 0, log: () => {} }),
  };
  const agents = AGENTS.map((name) => {
    const { agent } =
      name === "operator" ? operatorSeat(openingsOf(spec), { watch: watchOf(spec) }) : makeAgent(name, config, around);
    const replayed = new ReplayedAgent(agent, byId, open);
    const readers: Reader[] = [];
    for (const entry of journals.get(name) ?? []) {
      const reader = mostRead(readers, entry.positions) ?? new Reader(replayed, market);
      if (!readers.includes(reader)) readers.push(reader);
      reader.readTo(entry.positions);
      replayed.decide(entry, reader.view);
    }
    return replayed;
  });
  return {
    decisions: Object.fromEntries(agents.map(({ name, decided }) => [name, decided])),
    differing: agents.flatMap(({ differing }) => differing ?? []),
  };
}

/** By "topic key", each in the order of its seq. */
type Market = ReadonlyMap<string, readonly Opened[]>;

/** Of those that have not passed the positions, the one that has the least left to read. */
function mostRead(readers: readonly Reader[], positions: JournalEntry["positions"]): Reader | undefined {
  const behind = readers.filter((reader) => !reader.isPast(positions));
  return behind.toSorted((a, b) => b.count - a.count)[0];
}

/** Brings one view of an agent's to where a decision had it. */
class Reader {
  readonly view: ReplayedView;
  readonly #agent: ReplayedAgent;
  readonly #market: Market;
  readonly #read = new Map<string, number>();

  constructor(agent: ReplayedAgent, market: Market) {
    this.view = agent.newView();
    this.#agent = agent;
    this.#market = market;
  }

  /** Messages read. */
  get count(): number {
    return [...this.#read.values()].reduce((sum, read) => sum + read, 0);
  }

  readTo(positions: JournalEntry["positions"]): void {
    const next: Opened[] = [];
    for (const [at, position] of Object.entries(positions)) {
      const messages = this.#market.get(at) ?? [];
      let read = this.#read.get(at) ?? 0;
      for (; read < messages.length && seqOf(messages[read]!) <= BigInt(position); read++) next.push(messages[read]!);
      this.#read.set(at, read);
    }
    next.sort((a, b) => Number(a.body.sentAtMs - b.body.sentAtMs));
    for (const message of next) if (this.#agent.folds(message.body.topic)) this.#agent.fold(this.view, message);
  }

  /** Whether something was read that this decision had not seen. */
  isPast(positions: JournalEntry["positions"]): boolean {
    for (const [at, read] of this.#read) {
      const last = this.#market.get(at)?.[read - 1];
      if (last !== undefined && seqOf(last) > BigInt(positions[at] ?? "0")) return true;
    }
    return false;
  }
}

function readMarket(exported: string, open: (bytes: Uint8Array) => ReturnType<typeof openEnvelope>): Market {
  const byKey = new Map<string, Opened[]>();
  for (const bytes of readEnvelopes(exported, "market.jsonl")) {
    const opened = open(bytes);
    if (!opened.ok) continue; // as every reader did
    const at = `${opened.body.topic} ${opened.body.key}`;
    const messages = byKey.get(at) ?? [];
    byKey.set(at, messages);
    // After a crash the market publishes again what it had not marked.
    if (messages.length === 0 || seqOf(messages.at(-1)!) < seqOf(opened)) messages.push(opened);
  }
  return byKey;
}

/** Of a file of one envelope a line. */
function* readEnvelopes(exported: string, file: string): Generator<Uint8Array> {
  for (const line of readFileSync(join(exported, file), "utf8").split("\n"))
    if (line !== "") yield envelopeFromJson(JSON.parse(line));
}

function seqOf({ body }: Opened): bigint {
  return body.seq ?? 0n;
}
