/** Asks the validators, itself among them, to vote for an entry, and says what came of it. */
import { create } from "@bufbuild/protobuf";
import { Mode, type Signed, VoteRequestSchema, type VoteResponse, VoteResponseSchema } from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import { type Entry, entryTimeMs, majority, openVote } from "@countersign/quorum";
import { type Rpc, RpcError } from "@countersign/runtime";
import type { ValidatorCode } from "../core/refusal.ts";
import type { Envelopes } from "./envelopes.ts";
import type { Logs } from "./logs.ts";

export interface BallotOptions {
  readonly peers: readonly string[];
  readonly rpc: Rpc;
  readonly envelopes: Envelopes;
  readonly logs: Logs;
  readonly mode: Mode;
}

export type Outcome =
  /** Votes of one round for this entry, a majority of the members. */
  | { readonly kind: "certified"; readonly votes: readonly Signed[] }
  /** Votes were split, or somebody knows of a later head: read the log, and try the next round. */
  | { readonly kind: "split" }
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  /** Too few answered. */
  | { readonly kind: "silent" };

export async function holdBallot(
  entry: Entry,
  round: number,
  cause: EnvelopeBody,
  options: BallotOptions,
): Promise<Outcome> {
  const { peers, envelopes, mode, logs } = options;
  const about = `vote ${entry.log} ${entry.seq} ${round} ${Buffer.from(entry.digest).toString("hex")}`;
  const message = create(VoteRequestSchema, { entry: entry.bytes, round });
  const timeMs = entryTimeMs(entry);
  // One request for all: in one process its signature is verified once.
  const { bytes } = envelopes.request(CALL, VoteRequestSchema, message, { about, timeMs, cause });
  const needed = majority(logs.members);
  const votes: Signed[] = [];
  const refusals: VoteResponse[] = [];
  const hear = (peer: string, answer: VoteResponse | undefined) => {
    if (answer?.code !== undefined) refusals.push(answer);
    else if (answer?.vote !== undefined && isFor(answer.vote, peer)) votes.push(answer.vote);
  };
  const isFor = (signed: Signed, peer: string): boolean => {
    const opened = openVote(signed, { keys: logs.keys, mode, nowMs: timeMs });
    if (opened?.key.sender !== peer || opened.vote.validator !== peer || opened.vote.round !== round) return false;
    const { log, seq, entryDigest, membersVersion } = opened.vote;
    if (log !== entry.log || seq !== entry.seq || membersVersion !== logs.members.version) return false;
    return Buffer.compare(entryDigest, entry.digest) === 0;
  };
  const asked = peers.map((peer) => askOne(peer, bytes, options));
  if (mode === Mode.REPLAY) {
    // All are awaited and heard in order, so that the certificate is the same in every run.
    const answers = await Promise.all(asked);
    for (const [index, peer] of peers.entries()) hear(peer, answers[index]);
  } else {
    const heard = peers.map(async (peer, index) => hear(peer, await asked[index]));
    await untilEnough(heard, () => votes.length >= needed);
  }
  if (votes.length >= needed) return { kind: "certified", votes: [...votes] };

  if (refusals.some(({ code }) => RETRY.has(code ?? ""))) return { kind: "split" };
  const [first] = refusals.filter(({ code }) => !NOT_YET.has(code ?? ""));
  // Somebody has judged it wrong, and without that vote there are not enough.
  if (first !== undefined) return { kind: "refused", code: first.code ?? "", text: first.text ?? "" };
  return { kind: "silent" };
}

async function askOne(
  peer: string,
  bytes: Uint8Array,
  { rpc, envelopes }: BallotOptions,
): Promise<VoteResponse | undefined> {
  try {
    const answer = await rpc.call(CALL, peer, bytes, { deadlineMs: VOTE_DEADLINE_MS });
    return envelopes.openAnswer(CALL, peer, VoteResponseSchema, answer);
  } catch (error) {
    // One silent validator is what a quorum is for; anything else is a fault of ours.
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

/** Resolves when there is enough, or when all are done. */
async function untilEnough(tasks: readonly Promise<void>[], isEnough: () => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const all = tasks.map((task) =>
      task.then(() => {
        if (isEnough()) resolve();
      }),
    );
    Promise.all(all).then(() => resolve(), reject);
  });
}

const CALL = "QuorumService.Vote";
/** Longer than a validator waits for its own feed, shorter than the lease. */
const VOTE_DEADLINE_MS = 2_500;
/** No judgement, as long as the market or the venue has not told this validator. */
const NOT_YET: ReadonlySet<string> = new Set(["FEED_BEHIND", "DROP_COPY_SILENT"] satisfies ValidatorCode[]);
const RETRY: ReadonlySet<string> = new Set(["VOTED_OTHERWISE", "BEHIND", "AHEAD", "OP_TAKEN"]);
