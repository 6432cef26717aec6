export type {
  Execution,
  OrderReport,
  Quote,
  QuoteRef,
  RejectCode,
  Report,
  Submission,
} from "./messages.ts";
export { type PaperOptions, type PaperSnapshot, PaperVenue } from "./venue.ts";
