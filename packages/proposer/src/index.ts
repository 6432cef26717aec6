export { type AccountReading, foldAccount } from "./account.ts";
export { type Wish, writeIntent } from "./intent.ts";
export { advance, type Ended, type Progress, type Proposal, type Proposals, propose } from "./proposal.ts";
export { Quotes } from "./quotes.ts";
