/** How a certified entry of either log came about: who voted for it, and what it did. */
import { fromBinary } from "@bufbuild/protobuf";
import { type EntryPosted, type Fill, type Signed, VoteSchema } from "@countersign/contracts";
import { peekPropose, readEntry } from "@countersign/quorum";
import type { Evidence, Recorded } from "./evidence.ts";
import { fact, UNKNOWN, type WhyStep } from "./node.ts";

/** The ledger entries that book fills of these records. */
export function entriesOf(own: readonly Recorded[], { records }: Evidence): readonly Recorded[] {
  const fills = fillIds(own);
  return records.filter(({ body, payload }) => {
    if (body.type !== "ledger.entry") return false;
    const proposes = readEntry((payload as EntryPosted).entry ?? nothing)?.proposes ?? [];
    return proposes.some((propose) => {
      const content = peekPropose(propose)?.request.content;
      return content?.case === "fills" && content.value.fills.some(({ fillId }) => fills.has(fillId));
    });
  });
}

/** Its postings and both sides of the money identity are the ledger's: while it is not read, there are none. */
export function entryStep(
  { body, payload, attached }: Recorded,
  own: readonly Recorded[],
  { ledger }: Evidence,
): WhyStep {
  const fills = fillIds(own);
  const entry = readEntry((payload as EntryPosted).entry ?? nothing);
  const digest = entry === undefined ? undefined : Buffer.from(entry.digest).toString("hex");
  const line = ledger.find(({ entryDigest }) => entryDigest === digest);
  const postings = line?.proposes.flatMap(({ postings }) => postings.filter(({ entry }) => fills.has(entry))) ?? [];
  const after = line?.proposes.findLast(({ postings }) => postings.some(({ entry }) => fills.has(entry)))?.identity;
  const identity =
    after &&
    `${after.equity} = ${after.cash} cash + ${after.positionValue} positions = ${after.deposits} deposits + ${after.realised} realised + ${after.unrealised} unrealised − ${after.fees} fees`;
  return {
    step: "entry",
    text: `ledger entry ${entry?.seq ?? UNKNOWN}, voted for by ${votersOf(attached)}`,
    atMs: Number(body.sentAtMs),
    record: body.msgId,
    facts: [
      fact("digest", digest),
      ...postings.map(({ ledger: name, account, amount }) => fact(`${name} ${account}`, amount)),
      fact("equity after it", identity),
    ],
  };
}

/** "validator-1, validator-2, validator-3". */
export function votersOf(votes: readonly Signed[]): string {
  const names = votes.map(({ payload }) => {
    try {
      return fromBinary(VoteSchema, payload ?? nothing).validator ?? UNKNOWN;
    } catch {
      return UNKNOWN;
    }
  });
  return names.length === 0 ? UNKNOWN : names.join(", ");
}

function fillIds(own: readonly Recorded[]): ReadonlySet<string | undefined> {
  return new Set(own.flatMap(({ body, payload }) => (body.type === "order.filled" ? [(payload as Fill).fillId] : [])));
}

const nothing = new Uint8Array();
