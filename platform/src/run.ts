/**
 * One replayed run: starts the embedded platform, warms it up, opens trading, and releases the market event by event. `runDay` does it on
 * a PostgreSQL of its own, `replayMarket` on whatever stores it is given.
 */
import { mkdirSync } from "node:fs";
import { COSIGNED } from "@countersign/agent-compliance";
import type { Gateway } from "@countersign/agent-gateway";
import { type MarketEvent, sealedFeed } from "@countersign/agent-market";
import type { LedgerLine } from "@countersign/agent-validator";
import {
  type Checkpoint,
  type Escalated,
  KeyPurpose,
  Mode,
  type OrderRejected,
  type PermitIssued,
} from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import {
  createDatabase,
  databasesNamed,
  dropDatabase,
  openPool,
  type Pool,
  startEmbedded as startPostgres,
} from "@countersign/postgres";
import { openPostgresQuorumLog } from "@countersign/quorum";
import { admit, openPostgresStore, payloadOf } from "@countersign/runtime";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "./embedded.ts";
import { VALIDATORS } from "./genesis.ts";
import { InputError } from "./inputs.ts";
import { type AttackReport, Intruder } from "./intruder.ts";
import { ReplayKeys } from "./keys.ts";
import { serveGateway } from "./metrics.ts";
import { type Heard, Narrator, type Told } from "./told.ts";

export interface MarketOptions
  extends Omit<EmbeddedOptions, "openStore" | "log" | "onLedgerLine" | "onAlert" | "startMs"> {
  readonly events: AsyncIterable<readonly MarketEvent[]>;
  /** Trading opens with the first event at or after this; before it the views warm up. */
  readonly fromMs: number;
  /** An intruder acts once so many fills have gone by; undefined: there is none. */
  readonly intruderAfterFills?: number;
}

export interface RunOptions extends MarketOptions {
  /** Where the database lives. */
  readonly dataDir: string;
}

export type RunStores = Pick<EmbeddedOptions, "openStore" | "log">;

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
  /** Sealed quotes that records may name, by msg_id. */
  readonly quotesNamed: ReadonlyMap<string, Uint8Array>;
  readonly warmUpQuotes: number;
  /** Of the audit log, those that the validators have cosigned, the smallest first; and the root of the last in hex. */
  readonly checkpoints: readonly string[];
  readonly auditHead: string;
  /** Undefined when he never came: fewer fills than he waits for. */
  readonly attack: AttackReport | undefined;
  /** Counted as it went by: signals, intents that had a verdict, persons' approvals. */
  readonly heard: { readonly signals: number; readonly intents: number; readonly approvals: number };
  /** Wall time of each step that put something on record, ms: from the event to its last booked consequence. */
  readonly stepMs: readonly number[];
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
  try {
    return await inDatabase(server.url, async (pool) => {
      const log = await openPostgresQuorumLog(pool, "quorum");
      return await replayMarket(options, { openStore: (name) => openPostgresStore(pool, name), log }, hooks, use);
    });
  } catch (error) {
    throw await server.explain(error);
  }
}

/** The server is this run's alone: what it finds there was left by one that was killed. */
async function inDatabase<T>(serverUrl: string, use: (pool: Pool) => Promise<T>): Promise<T> {
  for (const left of await databasesNamed(serverUrl, DATABASES)) await dropDatabase(serverUrl, left);
  const name = `${DATABASES}${process.pid}`;
  const pool = openPool(await createDatabase(serverUrl, name), { max: 4, applicationName: "countersign" });
  try {
    return await use(pool);
  } finally {
    await pool.close();
    await dropDatabase(serverUrl, name).catch(() => {}); // of a server that is gone the next run drops it
  }
}

const DATABASES = "run_";

export async function replayMarket<T>(
  options: MarketOptions,
  stores: RunStores,
  hooks: RunHooks,
  use: (result: RunResult) => Promise<T>,
): Promise<T> {
  const begun = performance.now();
  const watch = new Watch(hooks);
  const signer = new ReplayKeys(options.seed).signer("market", KeyPurpose.ENVELOPE);
  const feed = sealedFeed(options.events, { signer, instruments: options.instruments });
  let embedded: Embedded | undefined;
  let gateway: Gateway | undefined;
  let intruder: Intruder | undefined;
  let attack: AttackReport | undefined;
  let warmUpQuotes: number | undefined;
  try {
    for await (const batch of feed) {
      for (const event of batch) {
        embedded ??= await start(options, stores, event.timeMs, watch);
        if (warmUpQuotes === undefined && event.timeMs >= options.fromMs) {
          warmUpQuotes = embedded.feed.counts.quote;
          await embedded.scheduler.advanceTo(event.timeMs);
          await embedded.begin();
          if (options.intruderAfterFills !== undefined) intruder = await Intruder.listen(embedded, options);
          gateway = await serveGateway(embedded);
          hooks.onReady?.(embedded);
        }
        const isOpen = warmUpQuotes !== undefined;
        if (isOpen) await hooks.beforeEvent?.(embedded, event.timeMs);
        await watch.time(() => embedded!.release(event));
        if (intruder?.isDue(options.intruderAfterFills ?? 0)) {
          attack = await intruder.attack();
          watch.tellAttack(attack, event.timeMs);
          intruder = undefined;
        }
        if (isOpen) await hooks.afterEvent?.(embedded);
      }
    }
    if (embedded === undefined || warmUpQuotes === undefined) {
      throw new InputError("BAD_OPTION", "the market has no event in the time asked for: check --from and --to");
    }
    await embedded.cosign();
    return await use({ ...watch.result(), embedded, attack, warmUpQuotes, wallMs: performance.now() - begun });
  } finally {
    await gateway?.close();
    await embedded?.close();
  }
}

async function start(options: MarketOptions, stores: RunStores, startMs: number, watch: Watch): Promise<Embedded> {
  const onLedgerLine = (line: LedgerLine) => void watch.ledger.push(line);
  const { onAlert } = watch.hooks;
  const embedded = await startEmbedded({ ...options, ...stores, startMs, onLedgerLine, ...(onAlert && { onAlert }) });
  await watch.follow(embedded);
  return embedded;
}

const VERDICTS: ReadonlySet<string> = new Set(["permit.issued", "order.rejected", "order.escalated"]);

/** Listens to every record like any other subscriber; the last, so that what it tells has happened. */
class Watch {
  readonly hooks: RunHooks;
  readonly ledger: LedgerLine[] = [];
  readonly #narrator = new Narrator(VALIDATORS.length);
  readonly #quotesNamed = new Map<string, Uint8Array>();
  readonly #stepMs: number[] = [];
  readonly #checkpoints: string[] = [];
  #auditHead = "";
  readonly #intents = new Set<string>();
  #signals = 0;
  #approvals = 0;
  #records = 0;

  constructor(hooks: RunHooks) {
    this.hooks = hooks;
  }

  result() {
    const { ledger } = this;
    const heads = { checkpoints: this.#checkpoints, auditHead: this.#auditHead };
    const heard = { signals: this.#signals, intents: this.#intents.size, approvals: this.#approvals };
    return { heard, ledger, narrator: this.#narrator, quotesNamed: this.#quotesNamed, stepMs: this.#stepMs, ...heads };
  }

  async follow({ bus, fence, feed, recordTopics, scheduler }: Embedded): Promise<void> {
    const common = {
      as: { kind: "every" as const, name: "watcher" },
      from: "earliest" as const,
      maxInFlightBytes: 8_000_000,
      maxProcessingMs: 30_000,
    };
    await bus.subscribe({ ...common, topics: recordTopics }, ({ records }) => {
      for (const { value, topic, key } of records) {
        const delivery = { bytes: value, topic, recordKey: Buffer.from(key).toString(), headers: undefined };
        const admitted = admit(delivery, fence.keys, Mode.REPLAY, scheduler.nowMs());
        if (!admitted.ok) continue;
        const { opened, payload } = admitted;
        this.#records++;
        // Whatever this record names as evidence is among the last quotes now.
        for (const bytes of feed.lastQuotes.values()) {
          const quote = openEnvelope(bytes, fence.keys);
          // A copy: the bytes are a part of their whole batch's, which one kept quote would keep alive.
          if (quote.ok && !this.#quotesNamed.has(quote.body.msgId))
            this.#quotesNamed.set(quote.body.msgId, new Uint8Array(bytes));
        }
        const heard = { body: opened.body, payload, attached: opened.attached };
        this.#count(heard);
        this.hooks.onRecord?.(heard);
        for (const told of this.#narrator.hear(heard)) this.hooks.onTold?.(told);
      }
      return { through: records.at(-1)!.offset };
    });
    await bus.subscribe({ ...common, topics: ["audit.checkpoint.v1"] }, ({ records }) => {
      for (const { value } of records) {
        const opened = openEnvelope(value, fence.keys);
        if (!opened.ok || opened.body.intent !== COSIGNED) continue;
        const checkpoint = payloadOf(opened) as Checkpoint | undefined;
        if (checkpoint?.note === undefined || checkpoint.root === undefined) continue;
        this.#checkpoints.push(checkpoint.note);
        this.#auditHead = Buffer.from(checkpoint.root).toString("hex");
      }
      return { through: records.at(-1)!.offset };
    });
  }

  #count({ body: { type }, payload }: Heard): void {
    if (type === "market.signal") this.#signals++;
    if (type === "approval.decision") this.#approvals++;
    // Verdicts, which all name their intent.
    if (VERDICTS.has(type)) this.#intents.add((payload as PermitIssued | OrderRejected | Escalated).intentKey ?? "");
  }

  async time(step: () => Promise<void>): Promise<void> {
    const before = this.#records;
    const begun = performance.now();
    await step();
    if (this.#records > before) this.#stepMs.push(performance.now() - begun);
  }

  tellAttack({ tried, refused, through }: AttackReport, atMs: number): void {
    const what = `${tried} attempts with Portfolio's stolen key: ${refused} refused`;
    const because = through.join("; ");
    this.hooks.onTold?.(this.#narrator.tell({ kind: "INTRUDER", atMs, what, because, note: "", subject: "intruder" }));
  }
}
