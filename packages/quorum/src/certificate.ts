/** A certificate: the votes that make an entry count. The log gives order, the certificate authority; neither suffices alone. */
import type { Signed } from "@countersign/contracts";
import { keysAsOf, type PayloadReading } from "@countersign/envelope";
import { entryTimeMs, readEntry, sameBytes } from "./entry.ts";
import { openVote } from "./vote.ts";

/** One version of the list of those who vote. */
export interface Members {
  readonly version: bigint;
  readonly validators: readonly string[];
}

/**
 * - `BAD_ENTRY`: the bytes are no entry
 * - `NO_QUORUM`: fewer votes than a majority of the members
 * - `FORGED_VOTE`: the signature does not hold, or its key is not the one granted to this validator for votes
 * - `FOREIGN_VOTE`: by somebody who is no member
 * - `OTHER_MEMBERS`: cast under another version of the list
 * - `OTHER_ENTRY`: for other bytes, or another place
 * - `TWO_ROUNDS`: votes of different rounds do not add up
 * - `SAME_VALIDATOR`: one validator counted twice
 */
export type CertificateCode =
  | "BAD_ENTRY"
  | "NO_QUORUM"
  | "FORGED_VOTE"
  | "FOREIGN_VOTE"
  | "OTHER_MEMBERS"
  | "OTHER_ENTRY"
  | "TWO_ROUNDS"
  | "SAME_VALIDATOR";

/**
 * The first thing wrong, or undefined when the votes certify the entry: a majority (two or three of three), of one round, by distinct
 * members of this version, all for these very bytes, by keys that were good at the entry's own time: what a key that is revoked today has
 * certified stays certified, or nobody could read a log again.
 * Never throws.
 */
export function verifyCertificate(
  entryBytes: Uint8Array,
  votes: readonly Signed[],
  members: Members,
  reading: Omit<PayloadReading, "nowMs">,
): CertificateCode | undefined {
  const entry = readEntry(entryBytes);
  if (entry === undefined) return "BAD_ENTRY";
  if (votes.length < majority(members)) return "NO_QUORUM"; // P04.quorum
  const nowMs = entryTimeMs(entry);
  const then = { ...reading, keys: keysAsOf(reading.keys, nowMs), nowMs };
  let round: number | undefined;
  const counted = new Set<string>();
  for (const signed of votes) {
    const opened = openVote(signed, then);
    if (opened === undefined) return "FORGED_VOTE";
    const { vote, key } = opened;
    if (key.sender !== vote.validator) return "FORGED_VOTE"; // P04.name
    if (!members.validators.includes(vote.validator)) return "FOREIGN_VOTE"; // P04.member
    if (vote.membersVersion !== members.version) return "OTHER_MEMBERS"; // P04.members-version
    if (vote.log !== entry.log || vote.seq !== entry.seq) return "OTHER_ENTRY"; // P04.place
    if (!sameBytes(vote.entryDigest, entry.digest)) return "OTHER_ENTRY"; // P04.entry
    round ??= vote.round;
    if (vote.round !== round) return "TWO_ROUNDS"; // P04.round
    if (counted.has(vote.validator)) return "SAME_VALIDATOR"; // P04.distinct
    counted.add(vote.validator);
  }
  return undefined;
}

export function majority({ validators }: Members): number {
  return Math.floor(validators.length / 2) + 1;
}
