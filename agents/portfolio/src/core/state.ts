import { type Book, emptyBook } from "@countersign/ledger";
import type { Proposals } from "@countersign/proposer";
import type { Cause } from "@countersign/runtime";
import type { Wanted } from "./target.ts";

/** One aggregate per account. */
export interface PortfolioState {
  readonly book: Book;
  readonly proposals: Proposals;
  /** By symbol: what a signal asks for and is not done yet; waits while an order of the symbol is under way. */
  readonly wishes: Readonly<Record<string, Wish>>;
}

export interface Wish {
  readonly wanted: Wanted;
  /** The signal: what everything that follows is because of. */
  readonly cause: Cause;
  /** It has asked the Hedger what cover would cost, and waits. */
  readonly asksCover: boolean;
}

export function initialState(): PortfolioState {
  return { book: emptyBook(), proposals: {}, wishes: {} };
}
