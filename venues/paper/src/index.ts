export type {
  Execution,
  OrderReport,
  Quote,
  QuoteRef,
  RejectCode,
  Report,
  Submission,
} from "./messages.ts";
export { toQuote } from "./quote.ts";
export { Tally } from "./tally.ts";
export { type PaperOptions, type PaperSnapshot, PaperVenue } from "./venue.ts";
// The network API, for those who write to the exchange as a program.
export {
  type AccountStatus,
  type CancelReject,
  type ExecutionReport,
  fromNewOrder,
  type NewOrderSingle,
  type Trade,
  toNewOrder,
} from "./wire.ts";
