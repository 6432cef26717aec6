import type { MetricName } from "./metrics.ts";

/**
 * Why Policy refuses an order. The place is always "policy".
 * - `BAD_INTENT`: the bytes make no order; the explanation names the field
 * - `NOT_THE_PROPOSER`: the intent names another proposer than the sender of the call
 * - `WRONG_ACCOUNT`, `WRONG_MODE`: not the account or the mode of this Policy
 * - `INTENT_REPEATED`: this intent is permitted or waits for a person already
 * - `UNKNOWN_INSTRUMENT`, `OFF_LOT`, `CURRENCY`: not in the instrument table, not in whole lots, not in the account's currency
 * - `SYMBOL_NOT_ALLOWED`: not on the list of the limits
 * - `FENCE_STALE`: the quorum has been silent for longer than the lease
 * - `LIMITS_NOT_NAMED`: the control log names other limits than these; what reduces a position passes
 * - `HALTED`: a halt covers the order, in the control log or latched here
 * - `AUDIT_STALE`: Compliance's last checkpoint is older than 10 s, outside a replay
 * - `AUDIT_BEHIND`: Compliance's checkpoint trails by 1,000 records or more
 * - `BOOK_DIFFERS`: the books of Policy and of the ledger do not say the same
 * - `NOT_REDUCING`: the order says reduce-only and could enlarge or turn the position
 * - `NO_…`: something has to be known and is not; it is never zero. Mark, equity (nothing deposited, or nothing left),
 *   volatility, value at risk, confidence, displayed size, a key that could sign a permit
 * - `…_LIMIT`: a rule on that metric refuses
 * - `PROPOSER_IS_PRINCIPAL`: a person is needed, and approver, proposer and principal could not be three
 * - `PRICE_DRIFT`: at release the market is outside the band that the person signed
 * - `PERMIT_UNUSED`: it was permitted, and the permit has expired without an order: the intent came too late, or never
 * - `APPROVAL_…`: the person said no, did not answer in time, or the epoch has changed since
 */
export type PolicyCode =
  | "BAD_INTENT"
  | "NOT_THE_PROPOSER"
  | "WRONG_ACCOUNT"
  | "WRONG_MODE"
  | "INTENT_REPEATED"
  | "UNKNOWN_INSTRUMENT"
  | "OFF_LOT"
  | "CURRENCY"
  | "SYMBOL_NOT_ALLOWED"
  | "FENCE_STALE"
  | "LIMITS_NOT_NAMED"
  | "HALTED"
  | "AUDIT_STALE"
  | "AUDIT_BEHIND"
  | "BOOK_DIFFERS"
  | "NOT_REDUCING"
  | Unknown
  | `${Uppercase<MetricName>}_LIMIT`
  | "PROPOSER_IS_PRINCIPAL"
  | "PRICE_DRIFT"
  | "PERMIT_UNUSED"
  | "APPROVAL_REJECTED"
  | "APPROVAL_EXPIRED"
  | "APPROVAL_OLD_EPOCH";

/** What is not known, and therefore a no (P10). */
export type Unknown =
  | "NO_MARK"
  | "NO_EQUITY"
  | "NO_VOLATILITY"
  | "NO_VAR"
  | "NO_CONFIDENCE"
  | "NO_LIQUIDITY"
  | "NO_KEY";

/** Stands where a value would, so that the type checker makes the reader say what it means to him. */
export interface Missing {
  readonly missing: Unknown;
  readonly text: string;
}

export function missing(code: Unknown, text: string): Missing {
  return { missing: code, text };
}

export function isMissing(value: object): value is Missing {
  return "missing" in value;
}

export function limitCode(metric: MetricName): PolicyCode {
  return `${metric.toUpperCase() as Uppercase<MetricName>}_LIMIT`;
}
