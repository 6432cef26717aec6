/** How a certified entry of either log came about: who proposed it, who voted, what it did. */
import { fromBinary } from "@bufbuild/protobuf";
import type { LedgerLine } from "@countersign/agent-validator";
import { type EntryPosted, type Fill, type Signed, VoteSchema } from "@countersign/contracts";
import { readEntry } from "@countersign/quorum";
import type { Evidence, Recorded } from "./evidence.ts";
import { fact, UNKNOWN, type WhyStep } from "./node.ts";

/** The ledger entries that hold fills of these records. */
export function bookedSteps(own: readonly Recorded[], { records, ledger }: Evidence): readonly WhyStep[] {
  const fills = new Set(
    own.flatMap(({ body, payload }) => (body.type === "order.filled" ? [(payload as Fill).fillId] : [])),
  );
  const lines = ledger.filter(({ proposes }) =>
    proposes.some((propose) => fillIdsOf(propose).some((id) => fills.has(id))),
  );
  return lines.map((line) => {
    const posted = records.find(
      ({ body, payload }) => body.type === "ledger.entry" && digestOf(payload as EntryPosted) === line.entryDigest,
    );
    const proposes = line.proposes.filter((propose) => fillIdsOf(propose).some((id) => fills.has(id)));
    const postings = proposes.flatMap(({ postings }) => postings).filter(({ entry }) => fills.has(entry));
    const identity = proposes.at(-1)?.identity;
    return {
      step: "entry" as const,
      text: `ledger entry ${line.seq}, voted for by ${votersOf(posted?.attached ?? [])}`,
      ...(posted && { atMs: Number(posted.body.sentAtMs), record: posted.body.msgId }),
      facts: [
        fact("digest", line.entryDigest),
        ...postings.map(({ ledger: name, account, amount }) => fact(`${name} ${account}`, amount)),
        fact(
          "equity after it",
          identity &&
            `${identity.equity} = ${identity.cash} cash + ${identity.positionValue} positions = ${identity.deposits} deposits + ${identity.realised} realised + ${identity.unrealised} unrealised − ${identity.fees} fees`,
        ),
      ],
    };
  });
}

/** "validator-1, validator-2, validator-3". */
export function votersOf(votes: readonly Signed[]): string {
  const names = votes.map(({ payload }) => {
    try {
      return fromBinary(VoteSchema, payload ?? new Uint8Array()).validator ?? UNKNOWN;
    } catch {
      return UNKNOWN;
    }
  });
  return names.length === 0 ? UNKNOWN : names.join(", ");
}

function fillIdsOf({ fills = [] }: LedgerLine["proposes"][number]): readonly string[] {
  return fills.flatMap((fill) => {
    const id = typeof fill === "object" && fill !== null && "fillId" in fill ? fill.fillId : undefined;
    return typeof id === "string" ? [id] : [];
  });
}

function digestOf({ entry }: EntryPosted): string | undefined {
  const digest = readEntry(entry ?? new Uint8Array())?.digest;
  return digest === undefined ? undefined : Buffer.from(digest).toString("hex");
}
