/**
 * One replayed run, from its files to its folder: starts the embedded platform on a database of its own, warms it up, opens trading,
 * releases the market event by event, and writes what happened where `why`, `audit verify` and `replay` read it.
 */
import { mkdirSync } from "node:fs";
import { type MarketEvent, sealedFeed } from "@countersign/agent-market";
import type { LedgerLine } from "@countersign/agent-validator";
import { type Checkpoint, KeyPurpose } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import {
  createDatabase,
  dropDatabase,
  openPool,
  type Pool,
  startEmbedded as startPostgres,
} from "@countersign/postgres";
import { openPostgresQuorumLog } from "@countersign/quorum";
import { openPostgresStore, payloadOf } from "@countersign/runtime";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "./embedded.ts";
import { VALIDATORS } from "./genesis.ts";
import { ReplayKeys } from "./keys.ts";
import { type Heard, Narrator, type Told } from "./told.ts";

export interface RunOptions
  extends Omit<EmbeddedOptions, "openStore" | "log" | "onLedgerLine" | "onAlert" | "startMs"> {
  /** Where the database lives. */
  readonly dataDir: string;
  readonly events: AsyncIterable<readonly MarketEvent[]>;
  /** Trading opens with the first event at or after this; before it the views warm up. */
  readonly fromMs: number;
}

/** What whoever watches may do, between the steps; everything is optional, and the records do not depend on watching. */
export interface RunHooks {
  readonly onTold?: (told: Told) => void;
  readonly onRecord?: (heard: Heard) => void;
  readonly onReady?: (embedded: Embedded) => void;
  /** Before each event: paces, and lets a person act; decision time stands still meanwhile. */
  readonly beforeEvent?: (embedded: Embedded, atMs: number) => Promise<void>;
  readonly afterEvent?: (embedded: Embedded) => Promise<void>;
  readonly onAlert?: (agent: string, code: string, text: string) => void;
}

export interface RunResult {
  readonly embedded: Embedded;
  readonly ledger: readonly LedgerLine[];
  readonly narrator: Narrator;
  readonly quotesNamed: ReadonlyMap<string, Uint8Array>;
  readonly warmUpQuotes: number;
  /** The last signed checkpoint of the audit log, and its root in hex. */
  readonly checkpoint: string | undefined;
  readonly auditHead: string;
  readonly wallMs: number;
}

/** `use` gets the result while the stores are still open. */
export async function runDay<T>(
  options: RunOptions,
  hooks: RunHooks,
  use: (result: RunResult) => Promise<T>,
): Promise<T> {
  mkdirSync(options.dataDir, { recursive: true });
  await using server = await startPostgres({ dir: options.dataDir });
  const database = `run_${process.pid}`;
  const url = await createDatabase(server.url, database);
  const pool = openPool(url, { max: 4, applicationName: "countersign" });
  try {
    return await replay(options, hooks, pool, use);
  } finally {
    await pool.close();
    await dropDatabase(server.url, database);
  }
}

async function replay<T>(
  options: RunOptions,
  hooks: RunHooks,
  pool: Pool,
  use: (result: RunResult) => Promise<T>,
): Promise<T> {
  const begun = performance.now();
  const ledger: LedgerLine[] = [];
  const narrator = new Narrator(VALIDATORS.length);
  const quotesNamed = new Map<string, Uint8Array>();
  const audit = { checkpoint: undefined as string | undefined, head: "" };
  const signer = new ReplayKeys(options.seed).signer("market", KeyPurpose.ENVELOPE);
  const feed = sealedFeed(options.events, { signer, instruments: options.instruments });
  let embedded: Embedded | undefined;
  let isOpen = false;
  let warmUpQuotes = 0;
  try {
    for await (const batch of feed) {
      for (const event of batch) {
        if (embedded === undefined) {
          embedded = await start(options, hooks, pool, event.timeMs, ledger);
          await listen(embedded, narrator, hooks, quotesNamed);
          await followCheckpoints(embedded, audit);
        }
        if (!isOpen && event.timeMs >= options.fromMs) {
          isOpen = true;
          warmUpQuotes = embedded.feed.counts.quote;
          await embedded.scheduler.advanceTo(event.timeMs);
          await embedded.begin();
          hooks.onReady?.(embedded);
        }
        if (isOpen) await hooks.beforeEvent?.(embedded, event.timeMs);
        await embedded.release(event);
        if (isOpen) await hooks.afterEvent?.(embedded);
      }
    }
    if (embedded === undefined || !isOpen) throw new Error("the trace has no event in the time asked for");
    return await use({
      embedded,
      ledger,
      narrator,
      quotesNamed,
      warmUpQuotes,
      checkpoint: audit.checkpoint,
      auditHead: audit.head,
      wallMs: performance.now() - begun,
    });
  } finally {
    await embedded?.close();
  }
}

async function start(
  options: RunOptions,
  hooks: RunHooks,
  pool: Pool,
  startMs: number,
  ledger: LedgerLine[],
): Promise<Embedded> {
  return startEmbedded({
    ...options,
    startMs,
    openStore: (name) => openPostgresStore(pool, name),
    log: await openPostgresQuorumLog(pool, "quorum"),
    onLedgerLine: (line) => void ledger.push(line),
    ...(hooks.onAlert && { onAlert: hooks.onAlert }),
  });
}

/** Listens to every record like any other subscriber; the last, so that what it tells has happened. */
async function listen(
  embedded: Embedded,
  narrator: Narrator,
  hooks: RunHooks,
  quotesNamed: Map<string, Uint8Array>,
): Promise<void> {
  const { bus, fence, feed } = embedded;
  const options = {
    topics: embedded.recordTopics,
    as: { kind: "every" as const, name: "watcher" },
    from: "earliest" as const,
  };
  await bus.subscribe({ ...options, maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 }, ({ records }) => {
    for (const { value } of records) {
      const opened = openEnvelope(value, fence.keys);
      const payload = opened.ok ? payloadOf(opened) : undefined;
      if (!opened.ok || payload === undefined) continue;
      // Whatever this record names as evidence is among the last quotes now.
      for (const bytes of feed.lastQuotes.values()) {
        const quote = openEnvelope(bytes, fence.keys);
        if (quote.ok) quotesNamed.set(quote.body.msgId, bytes);
      }
      const heard = { body: opened.body, payload, attached: opened.attached };
      hooks.onRecord?.(heard);
      for (const told of narrator.hear(heard)) hooks.onTold?.(told);
    }
    return { through: records.at(-1)!.offset };
  });
}

async function followCheckpoints(
  { bus, fence }: Embedded,
  audit: { checkpoint: string | undefined; head: string },
): Promise<void> {
  const as = { kind: "every" as const, name: "watcher" };
  const options = {
    topics: ["audit.checkpoint.v1"],
    as,
    from: "earliest" as const,
    maxInFlightBytes: 8_000_000,
    maxProcessingMs: 30_000,
  };
  await bus.subscribe(options, ({ records }) => {
    for (const { value } of records) {
      const opened = openEnvelope(value, fence.keys);
      const checkpoint = opened.ok ? (payloadOf(opened) as Checkpoint | undefined) : undefined;
      if (checkpoint?.note === undefined || checkpoint.root === undefined) continue;
      audit.checkpoint = checkpoint.note;
      audit.head = Buffer.from(checkpoint.root).toString("hex");
    }
    return { through: records.at(-1)!.offset };
  });
}
