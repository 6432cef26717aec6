/** The safety case: each promise has one test file, `test/promises/<id>-*.test.ts`, or an entry in `not-yet.ts`. */
export const promises = [
  { id: "P01", title: "No order without a permit" },
  { id: "P02", title: "Nobody approves themselves" },
  { id: "P03", title: "Stopping is easy, starting is hard" },
  { id: "P04", title: "No certificate, no entry" },
  { id: "P05", title: "The ledger balances" },
  { id: "P06", title: "Once" },
  { id: "P07", title: "Authentic and allowed" },
  { id: "P08", title: "Nothing that is not on record" },
  { id: "P09", title: "Every decision can be replayed" },
  { id: "P10", title: "Unknown is no" },
  { id: "P11", title: "Modes share the path" },
  { id: "P12", title: "Nothing lost" },
] as const;

/** A promise that is not yet due, and where it is being made. */
export interface NotYet {
  readonly promise: string;
  readonly issue: string;
  readonly why: string;
}
