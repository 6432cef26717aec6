/** One line of a ledger report: an entry with everything it did, so that a reader can add up the books without our code. */
import { type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { DepositSchema, FillSchema, MarkSchema, type Signed, SignedSchema } from "@countersign/contracts";
import { markToWire } from "@countersign/ledger";
import { formatFixed } from "@countersign/orders";
import type { AccountLedger } from "./account.ts";
import { identityOf } from "./account.ts";
import type { BookedPropose, Draft } from "./ledger.ts";

/** JSON as it stands. Amounts are decimals in text, digests hex, votes serialised `Signed` in base64. */
export interface LedgerLine {
  readonly seq: string;
  readonly prev: string;
  readonly entryDigest: string;
  readonly proposes: readonly ProposeLine[];
  readonly votes: readonly string[];
}

export interface ProposeLine {
  readonly opId: string;
  readonly account: string;
  readonly deposit?: JsonValue;
  readonly fills?: readonly JsonValue[];
  /** In each ledger they sum to zero. */
  readonly postings: readonly PostingLine[];
  readonly marks: readonly JsonValue[];
  /** Of the account after it: cash + positionValue = equity = deposits + realised + unrealised − fees. */
  readonly identity: IdentityLine | undefined;
}

export interface PostingLine {
  /** Deposit id or fill id. */
  readonly entry: string;
  readonly ledger: string;
  readonly account: string;
  /** Positive is a debit. */
  readonly amount: string;
}

export interface IdentityLine {
  readonly currency: string;
  readonly cash: string;
  readonly positionValue: string;
  readonly deposits: string;
  readonly realised: string;
  readonly unrealised: string;
  readonly fees: string;
  readonly equity: string;
}

export function ledgerLine({ entry, booked }: Draft, votes: readonly Signed[]): LedgerLine {
  return {
    seq: entry.seq.toString(),
    prev: Buffer.from(entry.prev).toString("hex"),
    entryDigest: Buffer.from(entry.digest).toString("hex"),
    proposes: booked.map(proposeLine),
    votes: votes.map((vote) => Buffer.from(toBinary(SignedSchema, vote)).toString("base64")),
  };
}

function proposeLine({ opId, account, content, entries, after }: BookedPropose): ProposeLine {
  const said =
    content.case === "deposit"
      ? { deposit: toJson(DepositSchema, content.value) }
      : { fills: content.value.fills.map((fill) => toJson(FillSchema, fill)) };
  return {
    opId,
    account,
    ...said,
    postings: entries.flatMap(({ id, postings }) =>
      postings.map(({ ledger, account: name, amount, scale }) => ({
        entry: id,
        ledger,
        account: name,
        amount: formatFixed({ units: amount, scale }),
      })),
    ),
    marks: after.marks.map((mark) => toJson(MarkSchema, markToWire(mark))),
    identity: identityLine(after),
  };
}

function identityLine(account: AccountLedger): IdentityLine | undefined {
  const figures = identityOf(account);
  if (figures === undefined) return undefined;
  const text = (units: bigint) => formatFixed({ units, scale: figures.moneyScale });
  const { currency, cash, positionValue, deposits, realised, unrealised, fees, equity } = figures;
  return {
    currency,
    cash: text(cash),
    positionValue: text(positionValue),
    deposits: text(deposits),
    realised: text(realised),
    unrealised: text(unrealised),
    fees: text(fees),
    equity: text(equity),
  };
}
