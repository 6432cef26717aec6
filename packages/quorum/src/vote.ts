/** A vote: a validator's signature over one entry at one place of a log, in one round. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Signed, VoteSchema } from "@countersign/contracts";
import { type KeyRecord, openPayload, type PayloadReading, type Signer, signPayload } from "@countersign/envelope";
import { type LogName, logFromWire, logToWire } from "./entry.ts";

export interface Vote {
  readonly log: LogName;
  readonly seq: bigint;
  /** From 0. A split vote blocks a seq in one round only; the compare-and-set on the head decides between rounds. */
  readonly round: number;
  readonly membersVersion: bigint;
  readonly entryDigest: Uint8Array;
  readonly validator: string;
}

/** The signer is the validator's vote key: it signs nothing else. */
export function signVote(vote: Vote, signer: Signer): Signed {
  const message = create(VoteSchema, { ...vote, log: logToWire(vote.log) });
  return signPayload("vote", toBinary(VoteSchema, message), signer);
}

/** The vote and the key it was signed with; undefined when it does not verify or something is missing. */
export function openVote(
  signed: Signed,
  reading: PayloadReading,
): { readonly vote: Vote; readonly key: KeyRecord } | undefined {
  const opened = openPayload(signed, "vote", reading);
  if (!opened.ok) return undefined;
  const vote = readVote(opened.payload);
  return vote === undefined ? undefined : { vote, key: opened.key };
}

function readVote(payload: Uint8Array): Vote | undefined {
  try {
    const { seq, round, membersVersion, entryDigest, validator, ...rest } = fromBinary(VoteSchema, payload);
    const log = logFromWire(rest.log);
    if (log === undefined || seq === undefined || round === undefined) return undefined;
    if (membersVersion === undefined || entryDigest?.length !== 32 || !validator) return undefined;
    return { log, seq, round, membersVersion, entryDigest, validator };
  } catch {
    return undefined;
  }
}
