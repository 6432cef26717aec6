/**
 * Where the logs are in etcd, below the prefix of their platform; `<seq>` is 16 hex digits, so that keys sort as numbers do:
 *
 *   head/<log>                               StoredHead; none before the first entry
 *   entry/<log>/<seq>                        StoredEntry
 *   op/<op id>                               StoredPlace; created once, and there as long as its entry
 *   vote/<log>/<seq>/<round>/<validator>     the digest voted for; created once, and gone with the commit of its seq
 *   archive/<validator>                      StoredHead: so far this validator's archive of the ledger's log reaches
 *   pruned                                   StoredHead: so far the ledger's entries, with their op ids, are in the archives alone
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Compare,
  CompareSchema,
  DeleteRangeRequestSchema,
  PutRequestSchema,
  type RangeRequest,
  RangeRequestSchema,
  type RequestOp,
  RequestOpSchema,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
} from "../../gen/etcd_pb.ts";
import { StoredEntrySchema, StoredHeadSchema, StoredPlaceSchema } from "../../gen/stored_pb.ts";
import { emptyHead, type Head, type LogName, logNames } from "../entry.ts";
import { QuorumError } from "../error.ts";
import type { Append, Ballot, LogRecord, Place } from "../log.ts";

export class Layout {
  readonly #prefix: string;

  /** @param platform whose logs they are: several may share an etcd */
  constructor(platform: string) {
    this.#prefix = `/countersign/${platform}`;
  }

  head(log: LogName): Uint8Array {
    return this.#key("head", log);
  }

  get heads(): KeyRange {
    return rangeOf(this.#key("head", ""));
  }

  entry(log: LogName, seq: bigint): Uint8Array {
    return this.#key("entry", log, hex(seq));
  }

  /** Of entries with seq > afterSeq. */
  entriesAfter(log: LogName, afterSeq: bigint): KeyRange {
    const { rangeEnd } = rangeOf(this.#key("entry", log, ""));
    return { key: this.entry(log, afterSeq + 1n), rangeEnd };
  }

  /** Of entries with afterSeq < seq ≤ upToSeq. */
  entriesBetween(log: LogName, afterSeq: bigint, upToSeq: bigint): KeyRange {
    return { key: this.entry(log, afterSeq + 1n), rangeEnd: this.entry(log, upToSeq + 1n) };
  }

  /** Of a key of `entriesAfter`. */
  seqOf(key: Uint8Array): bigint {
    return BigInt(`0x${lastPart(key)}`);
  }

  op(opId: string): Uint8Array {
    return this.#key("op", opId);
  }

  vote({ log, head, round, validator }: Ballot): Uint8Array {
    return this.#key("vote", log, hex(head.seq + 1n), String(round), validator);
  }

  votesFor(log: LogName, seq: bigint): KeyRange {
    return rangeOf(this.#key("vote", log, hex(seq), ""));
  }

  archive(validator: string): Uint8Array {
    return this.#key("archive", validator);
  }

  get archives(): KeyRange {
    return rangeOf(this.#key("archive", ""));
  }

  /** Whose archive a key of `archives` is about. */
  validatorOf(key: Uint8Array): string {
    return lastPart(key);
  }

  get pruned(): Uint8Array {
    return this.#key("pruned");
  }

  /** The log that a key of `heads` is about. */
  logOf(key: Uint8Array): LogName | undefined {
    return logNames.find((log) => Buffer.compare(this.head(log), key) === 0);
  }

  #key(...parts: readonly string[]): Uint8Array {
    return Buffer.from([this.#prefix, ...parts].join("/"));
  }
}

export interface KeyRange {
  readonly key: Uint8Array;
  /** The first key behind it. */
  readonly rangeEnd: Uint8Array;
}

/** Every key that begins with this. */
function rangeOf(prefix: Uint8Array): KeyRange {
  const rangeEnd = Uint8Array.from(prefix);
  rangeEnd[rangeEnd.length - 1]! += 1; // prefixes end in a slash
  return { key: prefix, rangeEnd };
}

function lastPart(key: Uint8Array): string {
  const text = Buffer.from(key).toString();
  return text.slice(text.lastIndexOf("/") + 1);
}

function hex(seq: bigint): string {
  return seq.toString(16).padStart(16, "0");
}

// ── values ──

export function headBytes({ seq, digest }: Head): Uint8Array {
  return toBinary(StoredHeadSchema, create(StoredHeadSchema, { seq, digest }));
}

export function readHead(value: Uint8Array | undefined): Head {
  if (value === undefined) return emptyHead;
  const { seq, digest } = parsed("a head", () => fromBinary(StoredHeadSchema, value));
  return { seq, digest };
}

export function entryBytes({ entry, digest, votes, committedBy }: Append): Uint8Array {
  return toBinary(StoredEntrySchema, create(StoredEntrySchema, { entry, digest, votes: [...votes], committedBy }));
}

export function readRecord(seq: bigint, value: Uint8Array): LogRecord {
  const { entry, digest, votes, committedBy } = parsed("an entry", () => fromBinary(StoredEntrySchema, value));
  return { seq, entry, digest, votes, committedBy };
}

export function placeBytes(place: Place): Uint8Array {
  return toBinary(StoredPlaceSchema, create(StoredPlaceSchema, place));
}

export function readPlace(value: Uint8Array): Place {
  const { log, seq } = parsed("a place", () => fromBinary(StoredPlaceSchema, value));
  if (log !== "control" && log !== "ledger")
    throw new QuorumError("LOG_CORRUPT", `etcd: an op stands in no log: ${log}`);
  return { log, seq };
}

function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new QuorumError("LOG_CORRUPT", `etcd: ${what} cannot be read`, { cause });
  }
}

// ── parts of transactions ──

export function ifHead(layout: Layout, log: LogName, head: Head): Compare {
  return ifValue(layout.head(log), head.seq === 0n ? undefined : headBytes(head));
}

/** Undefined: that the key is not there. */
export function ifValue(key: Uint8Array, value: Uint8Array | undefined): Compare {
  if (value === undefined) return ifAbsent(key);
  const targetUnion = { case: "value", value } as const;
  return create(CompareSchema, { result: Result.EQUAL, target: Target.VALUE, key, targetUnion });
}

export function ifAbsent(key: Uint8Array): Compare {
  const targetUnion = { case: "createRevision", value: 0n } as const;
  return create(CompareSchema, { result: Result.EQUAL, target: Target.CREATE, key, targetUnion });
}

export function put(key: Uint8Array, value: Uint8Array): RequestOp {
  return create(RequestOpSchema, {
    request: { case: "requestPut", value: create(PutRequestSchema, { key, value }) },
  });
}

export function get(key: Uint8Array): RequestOp {
  return create(RequestOpSchema, { request: { case: "requestRange", value: one(key) } });
}

export function remove(range: Pick<RangeRequest, "key" | "rangeEnd">): RequestOp {
  return create(RequestOpSchema, {
    request: {
      case: "requestDeleteRange",
      value: create(DeleteRangeRequestSchema, { key: range.key, rangeEnd: range.rangeEnd }),
    },
  });
}

export function one(key: Uint8Array): RangeRequest {
  return create(RangeRequestSchema, { key });
}
