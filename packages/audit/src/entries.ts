/** The entries of the certified logs, as they stand in records of control.halt.v1 and ledger.entries.v1. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  BodySchema,
  EntryPostedSchema,
  Log,
  LogEntrySchema,
  type ProposeRequest,
  ProposeRequestSchema,
  SignedSchema,
} from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";
import { type Finding, finding } from "./findings.ts";
import type { FileRecord } from "./read.ts";

export interface FileEntry {
  readonly line: number;
  readonly log: Log;
  readonly seq: bigint;
  readonly prev: Uint8Array;
  readonly digest: Uint8Array;
  readonly proposes: readonly Propose[];
}

export interface Propose {
  /** The sealed call. */
  readonly envelope: Uint8Array;
  readonly sentAtMs: number;
  readonly requestBytes: Uint8Array;
  readonly request: ProposeRequest;
}

/** The entry that a record carries; undefined when it carries none. */
export function readEntry({ line, topic, bodyBytes }: FileRecord): FileEntry | undefined {
  try {
    const payload = fromBinary(BodySchema, bodyBytes).payload ?? nothing;
    const bytes = fromBinary(EntryPostedSchema, payload).entry ?? nothing;
    const { log, seq, prev, proposes } = fromBinary(LogEntrySchema, bytes);
    if (log !== entryTopics.get(topic) || (log !== Log.CONTROL && log !== Log.LEDGER)) return undefined;
    if (seq === undefined || seq === 0n || prev?.length !== 32 || proposes.length === 0) return undefined;
    return { line, log, seq, prev, digest: sha256(bytes), proposes: proposes.map(readPropose) };
  } catch {
    return undefined;
  }
}

/** Do records of this topic carry entries, and nothing else? */
export function carriesEntries(topic: string): boolean {
  return entryTopics.has(topic);
}

/** Decision time of an entry, ms: the latest of its proposals'. */
export function entryTimeMs({ proposes }: FileEntry): number {
  return Math.max(...proposes.map(({ sentAtMs }) => sentAtMs));
}

/**
 * Each log is one chain of its own, whichever validators have told of its entries, and in whatever order. The first is 1, after 32 zero
 * bytes; told twice is told once.
 */
export function checkLogs(entries: readonly FileEntry[]): Finding[] {
  return [Log.CONTROL, Log.LEDGER].flatMap((log) => checkLog(entries.filter((entry) => entry.log === log)));
}

function checkLog(entries: readonly FileEntry[]): Finding[] {
  const findings: Finding[] = [];
  let end = { seq: 0n, digest: new Uint8Array(32) };
  for (const entry of entries.toSorted((a, b) => (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : a.line - b.line))) {
    const { line, seq, prev, digest } = entry;
    const name = entry.log === Log.CONTROL ? "control" : "ledger";
    if (seq > end.seq + 1n) {
      findings.push(finding(line, "LOG_GAP", `the ${name} log has no entry ${end.seq + 1n} before entry ${seq}`));
    } else if (seq === end.seq) {
      if (!equal(digest, end.digest))
        findings.push(finding(line, "LOG_FORK", `the ${name} log has another entry ${seq}`));
      continue;
    } else if (!equal(prev, end.digest)) {
      findings.push(finding(line, "LOG_FORK", `entry ${seq} of the ${name} log does not follow from the one before`));
    }
    end = { seq, digest: new Uint8Array(digest) };
  }
  return findings;
}

const entryTopics: ReadonlyMap<string, Log> = new Map([
  ["control.halt.v1", Log.CONTROL],
  ["ledger.entries.v1", Log.LEDGER],
]);

const nothing = new Uint8Array(0);

function readPropose(envelope: Uint8Array): Propose {
  const body = fromBinary(BodySchema, fromBinary(SignedSchema, envelope).payload ?? nothing);
  const requestBytes = body.payload ?? nothing;
  const request = fromBinary(ProposeRequestSchema, requestBytes);
  return { envelope, sentAtMs: Number(body.sentAtMs ?? 0n), requestBytes, request };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
