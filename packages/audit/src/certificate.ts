/**
 * The votes that make a log entry count: a majority, of one round, by distinct members, for these very bytes. They are attached to the
 * record, outside what its sender signs and outside its leaf, so each has to hold by itself; and nothing else may be attached.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Signed, VoteSchema } from "@countersign/contracts";
import { keysAsOf, openPayload } from "@countersign/envelope";
import type { Authority } from "./authority.ts";
import { entryTimeMs, type FileEntry } from "./entries.ts";
import { type Finding, finding } from "./findings.ts";

export function checkCertificate(authority: Authority, entry: FileEntry, votes: readonly Signed[]): Finding[] {
  const { validators, membersVersion } = authority;
  const rounds = new Set<number>();
  const voters = new Set<string>();
  for (const signed of votes) {
    const vote = openVote(authority, entry, signed);
    if (typeof vote === "string") return [uncertified(entry, vote)];
    const { validator, round } = vote;
    if (!validators.includes(validator) || vote.membersVersion !== membersVersion)
      return [uncertified(entry, `${validator} had no vote`)];
    if (voters.has(validator)) return [uncertified(entry, `${validator} is counted twice`)];
    voters.add(validator);
    rounds.add(round);
  }
  if (rounds.size > 1) return [uncertified(entry, "votes of two rounds do not add up")];
  const needed = Math.floor(validators.length / 2) + 1;
  return voters.size < needed ? [uncertified(entry, `${voters.size} votes, ${needed} are needed`)] : [];
}

interface CastVote {
  readonly validator: string;
  readonly round: number;
  readonly membersVersion: bigint | undefined;
}

/** What is wrong with it, or the vote. */
function openVote({ keys, mode }: Authority, entry: FileEntry, signed: Signed): CastVote | string {
  // The keys of then: what a key that was revoked since has certified stays certified.
  const nowMs = entryTimeMs(entry);
  const opened = openPayload(signed, "vote", { keys: keysAsOf(keys, nowMs), mode, nowMs });
  if (!opened.ok) return `a vote is not authentic: ${opened.text}`;
  try {
    const vote = fromBinary(VoteSchema, opened.payload);
    const { validator, round, membersVersion, log, seq, entryDigest } = vote;
    if (validator === undefined || round === undefined) return "a vote lacks a field";
    if (validator !== opened.key.sender) return `a vote of ${validator} has another's signature`;
    const isThis = log === entry.log && seq === entry.seq && Buffer.compare(entryDigest ?? nothing, entry.digest) === 0;
    return isThis ? { validator, round, membersVersion } : `the vote of ${validator} is for another entry`;
  } catch {
    return "a vote cannot be read";
  }
}

function uncertified({ line, seq }: FileEntry, why: string): Finding {
  return finding(line, "NOT_CERTIFIED", `entry ${seq} has no certificate: ${why}`);
}

const nothing = new Uint8Array(0);
