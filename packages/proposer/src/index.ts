export { type Account, emptyAccount, foldAccount } from "./account.ts";
export { type ClosedBar, readBar } from "./bars.ts";
export type { Desk } from "./desk.ts";
export { haltOver } from "./halts.ts";
export { intentKeyOf, type Wish, writeIntent } from "./intent.ts";
export { bandAround, midOf, roundTripCost, type Trade, tradeTo, wholeLots } from "./lots.ts";
export {
  advance,
  type Ended,
  isUnderWay,
  type Outcome,
  type Proposal,
  type Proposals,
  propose,
  type Stage,
} from "./proposal.ts";
export { Quotes } from "./quotes.ts";
export { decisionMade, featuresOf, type Made } from "./records.ts";
export { type Worth, worthNow } from "./worth.ts";
