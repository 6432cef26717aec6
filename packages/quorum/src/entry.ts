/**
 * One entry of a certified log. Its bytes are made once, by the validator that proposes it, and never encoded again: the digest, the
 * chain and the audit leaf cover exactly these bytes {log, seq, prev, proposes}, and never the votes, so that an entry is the same
 * whether two or three validators voted.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BodySchema, Log, LogEntrySchema, SignedSchema } from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";

/** Control: halt, resume, members, keys. Ledger: deposits and fills. */
export type LogName = "control" | "ledger";

/** Keys first: they verify what the ledger holds. */
export const logNames: readonly LogName[] = ["control", "ledger"];

/** The end of a log: its last entry's seq and digest. */
export interface Head {
  readonly seq: bigint;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export interface Entry extends Head {
  readonly log: LogName;
  /** SHA-256 of the entry before. */
  readonly prev: Uint8Array;
  /** Each a sealed ProposeRequest, byte for byte as its sender made it. */
  readonly proposes: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

/** Before the first entry: seq 0, and 32 zero bytes for its `prev`. Do not write to its bytes. */
export const emptyHead: Head = { seq: 0n, digest: new Uint8Array(32) };

/** The entry that follows `head`. */
export function buildEntry(log: LogName, head: Head, proposes: readonly Uint8Array[]): Entry {
  const seq = head.seq + 1n;
  const message = create(LogEntrySchema, { log: logToWire(log), seq, prev: head.digest, proposes: [...proposes] });
  const bytes = toBinary(LogEntrySchema, message);
  return { log, seq, prev: head.digest, proposes: [...proposes], bytes, digest: entryDigest(bytes) };
}

/**
 * Undefined when the bytes are no entry, or one in which something is missing. Nobody writes to the bytes again: what was read stays with
 * this very array, so that readers in one process also share the proposals, whose signatures are verified once.
 */
export function readEntry(bytes: Uint8Array): Entry | undefined {
  const known = entries.get(bytes);
  if (known !== undefined) return known;
  const entry = parseEntry(bytes);
  if (entry !== undefined) entries.set(bytes, entry);
  return entry;
}

const entries = new WeakMap<Uint8Array, Entry>();

function parseEntry(bytes: Uint8Array): Entry | undefined {
  const message = decode(bytes);
  if (message === undefined) return undefined;
  const { seq, prev, proposes } = message;
  const log = logFromWire(message.log);
  if (log === undefined || seq === undefined || seq === 0n || prev?.length !== 32 || proposes.length === 0)
    return undefined;
  return { log, seq, prev, proposes, bytes, digest: entryDigest(bytes) };
}

export function entryDigest(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** How an entry stands to the head of a log. `known`: at or behind the head, so its digest has to be compared with what is there. */
export type Position = "next" | "known" | "GAP" | "FORK";

export function positionOf(entry: Entry, head: Head): Position {
  if (entry.seq > head.seq + 1n) return "GAP";
  if (entry.seq < head.seq) return "known";
  if (entry.seq === head.seq) return sameBytes(entry.digest, head.digest) ? "known" : "FORK";
  return sameBytes(entry.prev, head.digest) ? "next" : "FORK";
}

/** Decision time of an entry, ms: the latest of its proposals'. Keys that voted for it had to be good then. */
export function entryTimeMs(entry: Entry): number {
  return Math.max(...entry.proposes.map(sentAtMs));
}

export function logToWire(log: LogName): Log {
  return log === "control" ? Log.CONTROL : Log.LEDGER;
}

export function logFromWire(log: Log | undefined): LogName | undefined {
  if (log === Log.CONTROL) return "control";
  return log === Log.LEDGER ? "ledger" : undefined;
}

export function sameHead(a: Head, b: Head): boolean {
  return a.seq === b.seq && sameBytes(a.digest, b.digest);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(LogEntrySchema, bytes);
  } catch {
    return undefined;
  }
}

/** 0 for what is no envelope: no key was good then. */
function sentAtMs(propose: Uint8Array): number {
  try {
    const { payload } = fromBinary(SignedSchema, propose);
    return payload === undefined ? 0 : Number(fromBinary(BodySchema, payload).sentAtMs ?? 0n);
  } catch {
    return 0;
  }
}
