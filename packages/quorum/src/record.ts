/** A log's record as topics and answers have it, its votes signed messages, and as the log keeps it, its votes bytes. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Signed, SignedSchema } from "@countersign/contracts";
import { readEntry } from "./entry.ts";
import type { LogRecord } from "./log.ts";

/** Who committed it is not said: it was announced long ago. Undefined when the bytes are no entry. */
export function recordOf(bytes: Uint8Array, votes: readonly Signed[]): LogRecord | undefined {
  const entry = readEntry(bytes);
  if (entry === undefined) return undefined;
  const { seq, digest } = entry;
  return { seq, digest, entry: entry.bytes, votes: votes.map((vote) => toBinary(SignedSchema, vote)), committedBy: "" };
}

export function votesOf({ votes }: Pick<LogRecord, "votes">): Signed[] {
  return votes.map((vote) => fromBinary(SignedSchema, vote));
}
