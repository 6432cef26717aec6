/** Why a validator does not vote for an entry. A refusal is data: it goes back to the proposer, with the place "validator". */

import type { BookRefusal } from "@countersign/ledger";
import type { GateCode } from "@countersign/permit";
import type { CertificateCode, ControlCode, ProposeCode } from "@countersign/quorum";

/**
 * - `BAD_ENTRY`: the bytes are no entry
 * - `BEHIND`, `AHEAD`: the entry is not the next one: the proposer, or this validator, has not read the log to its end
 * - `VOTED_OTHERWISE`: this validator's vote of the round is another entry's: try the next round
 * - `OP_TAKEN`: the op id stands in the log
 * - `CONFLICT`: the op id stands in the log, with another content
 * - `WRONG_LOG`: content of the other log
 * - `NOT_A_PERSON`, `WRONG_AUTHOR`: a deposit is proposed by a person, in that person's name
 * - `BAD_DEPOSIT`, `BAD_FILL`: a field is missing
 * - `NOT_EXECUTION`: fills are proposed by Execution
 * - `WRONG_FILL_ID`: not the name of its venue, account and execution
 * - `EXECUTION_BOOKED`: the fill is in the books
 * - `NO_ORDER`: the order of a fill did not come with it, or its intent makes none
 * - `PERMIT_…`, `APPROVAL_…`: as at the gate, at the time of the intent
 * - `PERMIT_FUTURE_EPOCH`: of an epoch that has not begun
 * - `ORDER_MISMATCH`: the fill is not of this order: account, venue, symbol, side, key, proposer or principal
 * - `OVERFILLED`: Σ fills is more than the order's quantity
 * - `OUTSIDE_BAND`: the price is outside the order's band
 * - `QUOTE_UNKNOWN`: this validator's own feed has not seen the quote it was filled against
 * - `OUTSIDE_MARKET`: no quote since that one reaches the price
 * - `FEED_BEHIND`: outside a replay, where the market is why it would refuse, and its own feed has not come to the fill: no judgement yet
 * - `NOT_IN_DROP_COPY`: the venue, asked by this validator itself, has no such execution
 * - `DROP_COPY_DIFFERS`: it has another one under this id
 * - `DROP_COPY_SILENT`: the venue does not answer this validator: no judgement yet
 * - `UNKNOWN_INSTRUMENT`
 * - `WRONG_MARKS`: not the marks that this validator's own feed gives
 * - `NO_QUORUM`: too few validators answered; ask again
 */
export type ValidatorCode =
  | "BAD_ENTRY"
  | "BEHIND"
  | "AHEAD"
  | "VOTED_OTHERWISE"
  | "OP_TAKEN"
  | "CONFLICT"
  | "WRONG_LOG"
  | "NOT_A_PERSON"
  | "WRONG_AUTHOR"
  | "BAD_DEPOSIT"
  | "BAD_FILL"
  | "NOT_EXECUTION"
  | "WRONG_FILL_ID"
  | "EXECUTION_BOOKED"
  | "NO_ORDER"
  | "PERMIT_FUTURE_EPOCH"
  | "ORDER_MISMATCH"
  | "OVERFILLED"
  | "OUTSIDE_BAND"
  | "QUOTE_UNKNOWN"
  | "OUTSIDE_MARKET"
  | "FEED_BEHIND"
  | "NOT_IN_DROP_COPY"
  | "DROP_COPY_DIFFERS"
  | "DROP_COPY_SILENT"
  | "UNKNOWN_INSTRUMENT"
  | "WRONG_MARKS"
  | "NO_QUORUM"
  | GateCode
  | BookRefusal
  | ProposeCode
  | ControlCode
  | CertificateCode;

export interface ValidatorRefusal {
  readonly ok: false;
  readonly code: string;
  readonly place: "validator";
  /** For a person. */
  readonly text: string;
}

export function refuse(code: ValidatorCode, text = ""): ValidatorRefusal {
  return { ok: false, code, place: "validator", text };
}
