export {
  applyDeposit,
  applyFill,
  type Book,
  type BookedDeposit,
  type Booking,
  type BookRefusal,
  bookDifference,
  emptyBook,
} from "./book.ts";
export { type BookedFill, fillFromWire } from "./fill.ts";
export { checkIdentity, type Identity, type IdentityFault } from "./identity.ts";
export type { Disposal, Lot } from "./lots.ts";
export { markToMarket } from "./mark-to-market.ts";
export {
  type LastQuote,
  type Mark,
  type MarkedPosition,
  markFromWire,
  markPosition,
  marksOf,
  markToWire,
} from "./marks.ts";
export { emptyPerformance, type Performance, performance, performDeposit, performFill } from "./performance.ts";
export type { Position } from "./position.ts";
export {
  type AccountTotals,
  balanceOf,
  checkBalanced,
  type Entry,
  entryOf,
  moneyLedger,
  type Posting,
  positionsAccount,
  post,
  quantityLedger,
  type TrialBalance,
} from "./postings.ts";
export { equityOf, positionValue } from "./valuation.ts";
