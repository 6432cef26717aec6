/** Votes: re-checks a proposed entry, records the vote, then signs it. Nothing is signed that is not recorded. */
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  type FillsBooked,
  type Mode,
  type VoteRequest,
  type VoteResponse,
  VoteResponseSchema,
} from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import { type Entry, peekPropose, positionOf, type QuorumLog, readEntry, signVote } from "@countersign/quorum";
import { type Copies, copiesOf, type DropCopy, DropCopyError } from "../core/drop-copy.ts";
import type { MarketView } from "../core/market-view.ts";
import { refuse, type ValidatorCode, type ValidatorRefusal } from "../core/refusal.ts";
import type { Logs } from "./logs.ts";
import { Serial } from "./serial.ts";

export interface VoterOptions {
  readonly name: string;
  /** The vote key's. It signs nothing else. */
  readonly signer: Signer;
  readonly mode: Mode;
  readonly log: QuorumLog;
  readonly logs: Logs;
  readonly market: MarketView;
  /** Machine time that a vote waits for this validator's own feed to reach the fills. In a replay, where it has: 0. */
  readonly patienceMs: number;
  readonly dropCopy?: DropCopy | undefined;
}

export class Voter {
  readonly #o: VoterOptions;
  readonly #serial = new Serial();

  constructor(options: VoterOptions) {
    this.#o = options;
  }

  async vote({ entry: bytes, round }: VoteRequest): Promise<VoteResponse> {
    const entry = bytes === undefined ? undefined : readEntry(bytes);
    if (entry === undefined || round === undefined) return refused(refuse("BAD_ENTRY"));
    const { patienceMs } = this.#o;
    const until = performance.now() + patienceMs;
    const copies = await this.#copiesOf(entry);
    if (copies instanceof DropCopyError) return refused(refuse("DROP_COPY_SILENT", copies.message));
    for (;;) {
      const answer = await this.#serial.run(() => this.#vote(entry, round, copies));
      // A fill may be here before the quote that it met: while its own feed is behind, this validator does not know, and says so.
      if (patienceMs === 0 || !OF_THE_MARKET.has(answer.code ?? "") || this.#hasFeed(entry)) return answer;
      if (performance.now() >= until) return refused(refuse("FEED_BEHIND", answer.text));
      await wait(POLL_MS);
    }
  }

  /** Whether this validator's own feed has come to the fills, and has shown what they are marked by: then waiting changes nothing. */
  #hasFeed(entry: Entry): boolean {
    const { market } = this.#o;
    return fillsIn(entry).every(
      ({ fills, marks }) =>
        fills.every(({ symbol = "", transactTimeMs = 0n }) => market.hasReached(symbol, Number(transactTimeMs))) &&
        marks.every(({ quote }) => quote === undefined || market.hasSeen(quote.symbol ?? "", quote.msgId ?? "")),
    );
  }

  /** Before anything is judged, and beside the votes that are: the venue may take a while. */
  async #copiesOf(entry: Entry): Promise<Copies | DropCopyError | undefined> {
    const { dropCopy } = this.#o;
    const fills = fillsIn(entry).flatMap((booked) => booked.fills);
    try {
      return dropCopy && (await copiesOf(dropCopy, fills));
    } catch (error) {
      // It has happened all the same: it is voted for when the venue answers.
      if (error instanceof DropCopyError) return error;
      throw error;
    }
  }

  async #vote(entry: Entry, round: number, copies: Copies | undefined, isRepeated = false): Promise<VoteResponse> {
    const { name, logs, log, mode, market, signer } = this.#o;
    // It has been told of what others wrote, or has not: then the vote is not recorded, and judged once more.
    await logs.catchUp(entry.log, { force: isRepeated || entry.seq > logs.head(entry.log).seq + 1n });
    const position = positionOf(entry, logs.head(entry.log));
    if (position !== "next") return refused(refuse(position === "GAP" ? "AHEAD" : "BEHIND", position));
    const taken = entry.proposes.find((propose) => logs.find(peekPropose(propose)?.request.opId ?? "") !== undefined);
    if (taken !== undefined) return refused(refuse("OP_TAKEN"));
    const examined = logs.examine(entry, { mode, market, copies });
    if (!examined.ok) return refused(examined);

    const { seq, digest } = entry;
    const head = { seq: seq - 1n, digest: entry.prev };
    const judgedBy = logs.head("control");
    const recorded = await log.recordVote({ log: entry.log, head, round, validator: name, digest, judgedBy });
    if (recorded.kind === "outdated") return this.#vote(entry, round, copies, true);
    if (recorded.kind === "conflict") return refused(refuse("BEHIND", `the head is ${recorded.head.seq}`));
    if (recorded.kind === "voted-otherwise") return refused(refuse("VOTED_OTHERWISE", `round ${round}`));
    const { version: membersVersion } = logs.members;
    const vote = { log: entry.log, seq, round, membersVersion, entryDigest: digest, validator: name };
    return create(VoteResponseSchema, { vote: signVote(vote, signer) });
  }
}

function fillsIn(entry: Entry): readonly FillsBooked[] {
  return entry.proposes.flatMap((propose) => {
    const content = peekPropose(propose)?.request.content;
    return content?.case === "fills" ? [content.value] : [];
  });
}

const POLL_MS = 10;
/** Refusals that this validator's own feed may take back. */
const OF_THE_MARKET: ReadonlySet<string> = new Set([
  "QUOTE_UNKNOWN",
  "OUTSIDE_MARKET",
  "WRONG_MARKS",
] satisfies ValidatorCode[]);

function refused({ code, text }: ValidatorRefusal): VoteResponse {
  return create(VoteResponseSchema, { code, text });
}
