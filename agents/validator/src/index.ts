export { canvas } from "../canvas.ts";
export { type AccountLedger, type IdentityFigures, identityOf } from "./core/account.ts";
export { type Copied, type DropCopy, DropCopyError } from "./core/drop-copy.ts";
export type { IdentityLine, LedgerLine, PostingLine, ProposeLine } from "./core/line.ts";
export { PaperDropCopy, type PaperDropCopyOptions } from "./edge/drop-copy/paper.ts";
export { announcedOn } from "./edge/publisher.ts";
export type { Kept } from "./edge/put-back.ts";
export { type ReadLedgerOptions, readLedger } from "./edge/read-ledger.ts";
export { type LedgerView, makeValidator, type Validator, type ValidatorConfig } from "./main.ts";
