/** The ledger's log from its first entry, as a validator reads it: believed where it is certified, for whoever writes it down. */
import type { Mode } from "@countersign/contracts";
import type { Instrument } from "@countersign/orders";
import type { QuorumLog } from "@countersign/quorum";
import { LedgerProjection } from "../core/ledger.ts";
import type { LedgerLine } from "../core/line.ts";
import { Logs } from "./logs.ts";

export interface ReadLedgerOptions {
  readonly log: QuorumLog;
  /** The serialised ProposeRequest of the genesis. */
  readonly genesis: Uint8Array;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/** In seq order. Throws what a validator stops at: an entry that is not certified, not chained, or whose books do not balance. */
export async function readLedger({ instruments, ...options }: ReadLedgerOptions): Promise<readonly LedgerLine[]> {
  const lines: LedgerLine[] = [];
  const ledger = new LedgerProjection(instruments);
  const logs = new Logs({ ...options, ledger, onLine: (line) => void lines.push(line) });
  await logs.catchUp("ledger", { force: true });
  return lines;
}
