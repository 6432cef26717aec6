import type { Order, Quantity } from "@countersign/orders";
import { type Account, emptyAccount, type Proposals } from "@countersign/proposer";
import type { Cause } from "@countersign/runtime";
import type { Wanted } from "./wanted.ts";

/** One aggregate per account. */
export interface PortfolioState {
  readonly account: Account;
  readonly proposals: Proposals;
  /** By symbol: what a signal asks for and is not done yet; waits while an order of the symbol is under way. */
  readonly wishes: Readonly<Record<string, Wish>>;
}

export interface Wish {
  readonly wanted: Wanted;
  /** The signal: what everything that follows is because of. */
  readonly cause: Cause;
  /** What the Hedger was asked, perhaps by an earlier wish whose place this one took, and has not answered. */
  readonly question?: Question | undefined;
}

/** What cover would cost for so much. */
interface Question {
  /** Of the call. */
  readonly id: string;
  readonly side: Order["side"];
  readonly quantity: Quantity;
}

export function initialState(): PortfolioState {
  return { account: emptyAccount(), proposals: {}, wishes: {} };
}

export function withWish(state: PortfolioState, wish: Wish): PortfolioState {
  return { ...state, wishes: { ...state.wishes, [wish.wanted.symbol]: wish } };
}

export function withoutWish(state: PortfolioState, symbol: string): PortfolioState {
  if (state.wishes[symbol] === undefined) return state;
  const { [symbol]: _, ...wishes } = state.wishes;
  return { ...state, wishes };
}
