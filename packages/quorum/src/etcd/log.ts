/**
 * The logs on etcd, for validators in processes of their own. A transaction that was not answered may have happened: it is sent again, and
 * finds itself, because each names the head it follows and ids that are created once.
 */
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  type Compare,
  type KeyValue,
  RangeRequestSchema,
  type RangeResponse,
  type RequestOp,
  TxnRequestSchema,
  WatchCreateRequestSchema,
} from "../../gen/etcd_pb.ts";
import { type Head, type LogName, sameBytes, sameHead } from "../entry.ts";
import { QuorumError } from "../error.ts";
import type { Append, Appended, Ballot, LogRecord, Place, QuorumLog, Recorded, Watcher } from "../log.ts";
import { type EtcdAddress, EtcdClient, EtcdError } from "./client.ts";
import {
  entryBytes,
  get,
  headBytes,
  ifAbsent,
  ifHead,
  Layout,
  one,
  placeBytes,
  put,
  readHead,
  readPlace,
  readRecord,
  remove,
} from "./layout.ts";
import { Retention } from "./retention.ts";

export interface EtcdLogOptions extends EtcdAddress {
  /** Whose logs they are: several platforms may share an etcd. */
  readonly platform: string;
}

export class EtcdQuorumLog implements QuorumLog {
  readonly status: string;
  readonly retention: Retention;
  readonly #etcd: EtcdClient;
  readonly #layout: Layout;
  readonly #listeners = new Set<Watcher>();
  readonly #told: Record<LogName, bigint> = { control: 0n, ledger: 0n };
  #leaveWatch = () => {};
  #isClosed = false;

  constructor({ platform, ...options }: EtcdLogOptions) {
    const { length } = options.endpoints;
    this.status = `etcd of ${length}: survives the loss of ${Math.ceil(length / 2) - 1}`;
    this.#etcd = new EtcdClient(options);
    this.#layout = new Layout(platform);
    this.retention = new Retention(this.#etcd, this.#layout);
    void this.#watch();
  }

  async head(log: LogName): Promise<Head> {
    const { kvs } = await this.#range(one(this.#layout.head(log)));
    return readHead(kvs[0]?.value);
  }

  async append(append: Append): Promise<Appended> {
    const { log, expectedHead, digest, opIds } = append;
    const place = { log, seq: expectedHead.seq + 1n };
    const ops = opIds.map((id) => this.#layout.op(id));
    const { succeeded, found, isRepeated } = await this.#decide(
      [ifHead(this.#layout, log, expectedHead), ...ops.map(ifAbsent)],
      [
        put(this.#layout.head(log), headBytes({ seq: place.seq, digest })),
        put(this.#layout.entry(log, place.seq), entryBytes(append)),
        ...ops.map((key) => put(key, placeBytes(place))),
        remove(this.#layout.votesFor(log, place.seq)),
      ],
      [get(this.#layout.head(log)), ...ops.map(get)],
    );
    if (succeeded || (isRepeated && (await this.#isThere(append)))) {
      this.#tell(log, place.seq);
      return { kind: "committed" };
    }
    const [head, ...places] = found;
    const taken = places.findIndex((value) => value !== undefined);
    if (taken >= 0) return { kind: "already", opId: opIds[taken]!, place: readPlace(places[taken]!) };
    return { kind: "conflict", head: readHead(head) };
  }

  async read(log: LogName, afterSeq: bigint, limit: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    while (records.length < limit) {
      const range = this.#layout.entriesAfter(log, afterSeq + BigInt(records.length));
      const asked = Math.min(PAGE, limit - records.length);
      const { kvs } = await this.#range(create(RangeRequestSchema, { ...range, limit: BigInt(asked) }));
      for (const { key, value } of kvs) {
        const [seq, next] = [this.#layout.seqOf(key), afterSeq + BigInt(records.length) + 1n];
        if (seq !== next)
          throw new QuorumError("LOG_PRUNED", `etcd: the ${log} log begins at ${seq}; ${next} is in archives alone`);
        records.push(readRecord(seq, value));
      }
      if (kvs.length < asked) break;
    }
    return records;
  }

  async recordVote(ballot: Ballot): Promise<Recorded> {
    const { log, head, digest, judgedBy } = ballot;
    const key = this.#layout.vote(ballot);
    const isNow = judgedBy === undefined ? [] : [ifHead(this.#layout, "control", judgedBy)];
    const { succeeded, found } = await this.#decide(
      [ifHead(this.#layout, log, head), ifAbsent(key), ...isNow],
      [put(key, digest)],
      [get(this.#layout.head(log)), get(this.#layout.head("control")), get(key)],
    );
    const [now, control, known = digest] = found;
    if (succeeded) return { kind: "recorded" };
    if (!sameHead(readHead(now), head)) return { kind: "conflict", head: readHead(now) };
    if (judgedBy !== undefined && !sameHead(readHead(control), judgedBy)) return { kind: "outdated" };
    return sameBytes(known, digest) ? { kind: "recorded" } : { kind: "voted-otherwise", digest: known };
  }

  async find(opId: string): Promise<Place | undefined> {
    const { kvs } = await this.#range(one(this.#layout.op(opId)));
    return kvs[0] === undefined ? undefined : readPlace(kvs[0].value);
  }

  watch(listener: Watcher): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#leaveWatch();
    this.#etcd.close();
  }

  /** Whether this very entry stands there, put there by the caller: an earlier try was not answered, and had happened. */
  async #isThere({ log, expectedHead, digest, committedBy }: Append): Promise<boolean> {
    const [record] = await this.read(log, expectedHead.seq, 1);
    return record?.committedBy === committedBy && sameBytes(record.digest, digest);
  }

  /** One transaction, until it is answered. What its `otherwise` found, by request; whether an earlier try may have been the one. */
  async #decide(ifAll: Compare[], then: RequestOp[], otherwise: RequestOp[]) {
    const request = create(TxnRequestSchema, { compare: ifAll, success: then, failure: otherwise });
    let isRepeated = false;
    for (const until = performance.now() + DECIDE_MS; ; await wait(BETWEEN_MS)) {
      try {
        const { succeeded, responses } = await this.#etcd.txn(request);
        const found = responses.map(({ response }) =>
          response.case === "responseRange" ? response.value.kvs[0]?.value : undefined,
        );
        return { succeeded, found, isRepeated };
      } catch (error) {
        if (!(error instanceof EtcdError) || error.code !== "UNAVAILABLE" || performance.now() > until)
          throw quorumError(error);
        isRepeated = true;
      }
    }
  }

  async #range(request: Parameters<EtcdClient["range"]>[0]): Promise<RangeResponse> {
    try {
      return await this.#etcd.range(request);
    } catch (error) {
      throw quorumError(error);
    }
  }

  // ── watching ──

  /** From the heads as they are: what came before is told of by them, and what comes after by etcd. */
  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const { heads } = this.#layout;
        const { header, kvs } = await this.#etcd.range(create(RangeRequestSchema, heads));
        const tell = (changed: readonly KeyValue[]) => {
          for (const { key, value } of changed) {
            const log = this.#layout.logOf(key);
            if (log !== undefined) this.#tell(log, readHead(value).seq);
          }
        };
        tell(kvs);
        const startRevision = (header?.revision ?? 0n) + 1n;
        const request = create(WatchCreateRequestSchema, { ...heads, startRevision, progressNotify: true });
        await new Promise<void>((resolve) => {
          this.#leaveWatch = this.#etcd.watch(request, { onPut: tell, onEnd: () => resolve() });
        });
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
      }
      await wait(REWATCH_MS, undefined, { ref: false });
    }
  }

  #tell(log: LogName, seq: bigint): void {
    if (seq <= this.#told[log]) return;
    this.#told[log] = seq;
    for (const listener of this.#listeners) listener(log, seq);
  }
}

/** An error of etcd's as one of the log's. */
export function quorumError(error: unknown): unknown {
  if (!(error instanceof EtcdError)) return error;
  const code = error.code === "FULL" ? "LOG_FULL" : "LOG_UNREACHABLE";
  return new QuorumError(code, error.message, { cause: error });
}

/** Of entries of up to a megabyte. */
const PAGE = 32;
/** Above the 1.7 s in which three members find a new leader. */
const DECIDE_MS = 4_000;
const BETWEEN_MS = 25;
const REWATCH_MS = 100;
