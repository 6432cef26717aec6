/** ledger.jsonl of a run's folder, one entry a line. */
import { readFileSync } from "node:fs";
import type { Scaled } from "./decimal.ts";

export interface Entry {
  readonly seq: string;
  readonly prev: string;
  readonly entryDigest: string;
  readonly proposes: readonly Booking[];
}

export interface Booking {
  readonly opId: string;
  readonly account: string;
  readonly deposit?: { readonly depositId: string; readonly amount: Scaled & { readonly currency: string } };
  readonly fills?: readonly Fill[];
  readonly postings: readonly Posting[];
  readonly marks: readonly Mark[];
  readonly identity?: Identity;
}

export interface Fill {
  readonly fillId: string;
  readonly venue: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly side: "SIDE_BUY" | "SIDE_SELL";
  readonly lastQty: Scaled;
  readonly lastPx: Scaled;
  readonly commission: Scaled;
  readonly transactTimeMs: string;
  readonly quote: QuoteName;
}

export interface Posting {
  readonly entry: string;
  readonly ledger: string;
  readonly account: string;
  readonly amount: string;
}

export interface Mark {
  readonly symbol: string;
  readonly price: Scaled;
  readonly quote?: QuoteName;
}

export interface QuoteName {
  /** A UUIDv7: its first 48 bits are the time of the quote, ms. */
  readonly msgId: string;
}

export interface Identity {
  readonly currency: string;
  readonly cash: string;
  readonly positionValue: string;
  readonly deposits: string;
  readonly realised: string;
  readonly unrealised: string;
  readonly fees: string;
  readonly equity: string;
}

export function readLedger(path: string): readonly Entry[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Entry]));
}
