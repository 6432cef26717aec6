/**
 * A validator: one of three who re-check what is proposed for the control log and the ledger, sign a vote, and commit what two have
 * signed. A server: it shares the platform's envelopes, calls and stores with the agents, not their loop.
 */
import { create } from "@bufbuild/protobuf";
import { auditOrigin } from "@countersign/audit";
import {
  CosignRequestSchema,
  CosignResponseSchema,
  HaltResponseSchema,
  HeartbeatSchema,
  Mode,
  type ProposeResponse,
  ProposeResponseSchema,
  type Quote,
  ReadRequestSchema,
  ReadResponseSchema,
  type VoteRequest,
  VoteRequestSchema,
  VoteResponseSchema,
} from "@countersign/contracts";
import type { Opened, Signer } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import {
  type FenceReader,
  type LogName,
  logFromWire,
  logNames,
  openGenesis,
  openPropose,
  QuorumError,
  type QuorumLog,
  votesOf,
} from "@countersign/quorum";
import {
  isTransient,
  type MarketRef,
  type PublishEffect,
  payloadOf,
  RateLimit,
  type Rpc,
  RpcError,
  type Store,
} from "@countersign/runtime";
import type { AccountLedger } from "./core/account.ts";
import type { DropCopy } from "./core/drop-copy.ts";
import { LedgerProjection } from "./core/ledger.ts";
import type { LedgerLine } from "./core/line.ts";
import { MarketView } from "./core/market-view.ts";
import { Cosigner } from "./edge/cosigner.ts";
import { decode, Envelopes } from "./edge/envelopes.ts";
import { Halts } from "./edge/halts.ts";
import { Logs } from "./edge/logs.ts";
import { Proposer } from "./edge/proposer.ts";
import { Publisher } from "./edge/publisher.ts";
import type { Kept } from "./edge/put-back.ts";
import { Seen } from "./edge/seen.ts";
import { Voter } from "./edge/voter.ts";

export interface ValidatorConfig {
  /** "validator-1" … */
  readonly name: string;
  /** All three, itself among them. */
  readonly peers: readonly string[];
  readonly mode: Mode;
  /** The serialised ProposeRequest of the genesis this validator accepts: the root of its trust. */
  readonly genesis: Uint8Array;
  readonly envelopeSigner: Signer;
  /** Signs votes and nothing else. */
  readonly voteSigner: Signer;
  /** Cosigns checkpoints of the audit log and nothing else. */
  readonly checkpointSigner: Signer;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly log: QuorumLog;
  readonly store: Store;
  readonly rpc: Rpc;
  /** Decision time. */
  readonly nowMs: () => number;
  /** Seals, chains and publishes a record in this validator's name. A repeated idempotency key is the same record. */
  readonly publish: (effect: PublishEffect) => Promise<void>;
  /** What the venue itself says was traded, under a read-only key of this validator's own. */
  readonly dropCopy?: DropCopy | undefined;
  /** Asked at the start, and only when the log's servers have forgotten what this validator has seen. */
  readonly kept?: Kept;
  /** So many entries were forgotten, and are there again. */
  readonly onPutBack?: (log: LogName, entries: number) => void;
  /** For reports: every ledger entry in order, at the start also those of earlier lives. */
  readonly onLine?: (line: LedgerLine) => void;
}

export interface Validator {
  readonly name: string;
  /** This validator's own reading of the control log. */
  readonly fence: FenceReader;
  /** Reads both logs from the beginning, puts back what their servers have forgotten, serves, and publishes what was left unpublished. */
  start(): Promise<void>;
  /** Its own feed. A fill's quote has to come before the fill is proposed. */
  onQuote(quote: Quote, ref: MarketRef): void;
  /** Announces what could not be announced, and proposes halts that are not global yet: outside replay every second from its start on. */
  retry(): Promise<void>;
  /**
   * Says that it is ready, and does what `retry` does: after all three have started and, outside replay, every second. There it also reads on, and
   * writes down how far it has seen; it rejects with LogCorrupt where the log's servers were put back.
   */
  tick(): Promise<void>;
  ledgerView(): LedgerView;
}

export interface LedgerView {
  readonly seq: bigint;
  readonly digest: Uint8Array;
  readonly accounts: ReadonlyMap<string, AccountLedger>;
  /** Halts that are latched here and not global yet. */
  readonly haltsWaiting: readonly string[];
}

export function makeValidator(config: ValidatorConfig): Validator {
  const { name, mode, log, store, rpc, publish, nowMs, peers, onLine, onPutBack } = config;
  const { kept = async () => [] } = config;
  const isReplay = mode === Mode.REPLAY;
  const market = new MarketView(isReplay ? QUOTES_KEPT : QUOTES_KEPT_LIVE, isReplay ? 0 : FEED_LAG_MS);
  const ledger = new LedgerProjection(config.instruments);
  const logs = new Logs({ log, genesis: config.genesis, mode, ledger, onLine });
  const envelopes = new Envelopes({ name, signer: config.envelopeSigner, keys: logs.keys, mode, nowMs, publish });
  const patienceMs = isReplay ? 0 : FEED_LAG_MS;
  const { voteSigner, dropCopy } = config;
  const voter = new Voter({ name, signer: voteSigner, mode, log, logs, market, patienceMs, dropCopy });
  const publisher = new Publisher({ name, log, store, publish });
  const proposer = new Proposer({
    name,
    peers,
    rpc,
    envelopes,
    logs,
    mode,
    log,
    async onCommitted(entry, votes) {
      const published = publisher.publish(entry, votes);
      // The log is the truth: outside a replay nobody waits for its announcement, and one that fails is made at a tick.
      if (isReplay) await published;
      else published.catch(() => {});
    },
    onDoubt: () => publisher.doubt(),
  });
  const halts = new Halts({
    name,
    store,
    logs,
    envelopes,
    propose,
    patienceMs: isReplay ? Number.POSITIVE_INFINITY : HALT_PATIENCE_MS,
  });

  const seen = new Seen(store, logs);
  const reads = new RateLimit(READ_RATE);
  const cosigner = new Cosigner({
    name,
    origin: auditOrigin(openGenesis(config.genesis).facts.platform),
    signer: config.checkpointSigner,
    keys: logs.keys,
    mode,
    nowMs,
    store,
  });

  async function retry(): Promise<void> {
    await halts.retry();
    await publisher.retry();
  }

  async function propose(bytes: Uint8Array): Promise<ProposeResponse> {
    const opened = openPropose(bytes, { keys: logs.keys, mode });
    if (!opened.ok) return create(ProposeResponseSchema, { code: opened.code, place: "validator" });
    return proposer.propose(opened);
  }

  async function answerPropose(request: Opened): Promise<Uint8Array> {
    const response = await propose(request.bytes);
    const { code, place = "validator", text = "" } = response;
    if (code !== undefined) await envelopes.refuse(request.body.msgId, request.body, code, place, text);
    return envelopes.answer(request, ProposeResponseSchema, response);
  }

  /** That the log was rewritten is put on record, once: it will go on asking. */
  async function cosign(request: Opened): Promise<Uint8Array> {
    const asked = decode(CosignRequestSchema, request.body.payload) ?? create(CosignRequestSchema);
    const response = await cosigner.cosign(asked, request.body.sender);
    const { code, text = "" } = response;
    if (code === "INCONSISTENT") await envelopes.refuse(cosigner.root, request.body, code, "cosigner", text);
    return envelopes.answer(request, CosignResponseSchema, response);
  }

  async function read(request: Opened) {
    const { log: wire, afterSeq = 0n } = decode(ReadRequestSchema, request.body.payload) ?? {};
    const which = logFromWire(wire);
    if (which === undefined) return create(ReadResponseSchema);
    const records = await log.read(which, afterSeq, READ_MAX);
    const { seq: headSeq, digest: headDigest } = await log.head(which);
    const entries = records.map((record) => ({ entry: record.entry, votes: votesOf(record) }));
    return create(ReadResponseSchema, { headSeq, headDigest, entries });
  }

  /** Who asks is judged by the keys that stand there now; while the log cannot be read, by those that are known: a halt is latched then too. */
  async function readControl(): Promise<void> {
    try {
      await logs.catchUp("control");
    } catch (error) {
      if (!(error instanceof QuorumError)) throw error;
    }
  }

  function serve(call: string, handler: (request: Opened) => Promise<Uint8Array>): void {
    rpc.serve(call, name, async (bytes) => {
      try {
        if (logs.isBehind("control")) await readControl();
        const request = await envelopes.open(call, bytes);
        const isTooMuch = call === READ && !reads.take(request.body.sender, nowMs());
        if (isTooMuch) throw new RpcError("REFUSED", `${name} refuses ${call}: RATE_LIMITED`);
        return await handler(request);
      } catch (error) {
        // An engine is away: whoever asked will ask again.
        const isAway = error instanceof QuorumError || (isTransient(error) && !(error instanceof RpcError));
        if (!isAway) throw error;
        throw new RpcError("UNAVAILABLE", `${name}: ${String(error)}`, { cause: error });
      }
    });
  }

  return {
    name,
    fence: logs.fence,
    onQuote: (quote, ref) => market.onQuote(quote, ref),
    retry,
    async tick() {
      await retry();
      await publish(heartbeat(name, logs.fence.state().head.seq));
      if (isReplay) return;
      // Last: while the log is away, all else goes on.
      await logs.catchUp("ledger");
      await seen.write();
      await logs.checkEnds();
    },
    ledgerView: () => ({ ...ledger.head, accounts: ledger.accounts, haltsWaiting: halts.waiting }),
    async start() {
      await seen.load();
      await cosigner.load();
      const entries = await logs.open(kept);
      for (const log of logNames) if (entries[log] > 0) onPutBack?.(log, entries[log]);
      serve("QuorumService.Propose", answerPropose);
      serve("QuorumService.Vote", async (request) => {
        // Decoded once for all validators of this process.
        const asked = (payloadOf(request) as VoteRequest | undefined) ?? create(VoteRequestSchema);
        return envelopes.answer(request, VoteResponseSchema, await voter.vote(asked));
      });
      serve(READ, async (request) => envelopes.answer(request, ReadResponseSchema, await read(request)));
      serve("QuorumService.Cosign", cosign);
      serve("HaltService.Halt", async (request) =>
        envelopes.answer(request, HaltResponseSchema, await halts.halt(request)),
      );
      await publisher.start();
      await halts.start();
    },
  };
}

function heartbeat(agent: string, controlSeq: bigint): PublishEffect {
  const payload = create(HeartbeatSchema, { agent, ready: true, controlSeq });
  const topic = "agents.heartbeat.v1";
  return { kind: "publish", topic, key: agent, type: "agent.heartbeat", payload, intent: "HEARTBEAT" };
}

/** Of each symbol. A fill that is judged later than this many quotes of its symbol goes to suspense. */
const QUOTES_KEPT = 4_096;
/** Outside replay a fill may come late, after an outage: an hour of twenty quotes a second. */
const QUOTES_KEPT_LIVE = 72_000;
/** Between two feeds of the same market, through a broker that is well. */
const FEED_LAG_MS = 2_000;
/** Above what a quorum takes that is well. */
const HALT_PATIENCE_MS = 500;
const READ = "QuorumService.Read";
/** Of one sender. A process asks once a second, and who starts reads a hundred entries a call. What is proposed, voted or halted is never too much. */
const READ_RATE = { perSecond: 50, burst: 500 };
/** Entries in one answer. */
const READ_MAX = 100;
