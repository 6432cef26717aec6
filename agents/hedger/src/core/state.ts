import type { Money, Quantity, Side } from "@countersign/orders";
import { type Account, emptyAccount, type Proposals } from "@countersign/proposer";
import type { Cause } from "@countersign/runtime";
import type { Cover } from "./cover.ts";
import type { Patience } from "./patience.ts";

/** One aggregate per account. */
export interface HedgerState {
  readonly account: Account;
  /** One at a time. */
  readonly proposals: Proposals;
  /** The hedge under way: told when its order is accepted, once. */
  readonly placing: Placing | undefined;
  /** After the last one came to nothing; undefined once one has filled or the book has changed. */
  readonly patience: Patience | undefined;
  /** While a halt of level 3 closes what is held. */
  readonly closing?: Closing | undefined;
}

export interface Closing {
  readonly haltId: string;
  /** Of the last order. */
  readonly intentKey: string;
  /** Orders so far, under this halt. */
  readonly tries: number;
  /** In a row, that traded nothing. */
  readonly refusals: number;
  /** Decision time before which nothing is asked for. */
  readonly untilMs: number;
}

export interface Placing {
  readonly intentKey: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly trigger: Cover["trigger"];
  readonly beta: number;
  readonly effectiveness: number;
  readonly exposure: Money;
  readonly explanation: string;
  readonly cause: Cause;
}

export function initialState(): HedgerState {
  return { account: emptyAccount(), proposals: {}, placing: undefined, patience: undefined };
}
