export { canvas } from "../canvas.ts";
export { type AccountLedger, type IdentityFigures, identityOf } from "./core/account.ts";
export type { IdentityLine, LedgerLine, PostingLine, ProposeLine } from "./core/line.ts";
export { type ReadLedgerOptions, readLedger } from "./edge/read-ledger.ts";
export { type LedgerView, makeValidator, type Validator, type ValidatorConfig } from "./main.ts";
