import { applyDeposit } from "@countersign/ledger";
import { moneyFromWire } from "@countersign/orders";
import type { Decision } from "@countersign/runtime";
import { readLogEntry, readProposals } from "./log-entry.ts";
import { closeAccount, type ExecutionState } from "./state.ts";

/** The account's deposits, as the ledger posts them: the book of fills begins with them. Fills are our own, and not read back. */
export function onLedgerEntry(state: ExecutionState, bytes: Uint8Array): Decision<ExecutionState> {
  const entry = readLogEntry(bytes);
  let after = state;
  for (const { content } of entry === undefined ? [] : readProposals(entry)) {
    if (content.case !== "deposit" || content.value.account !== state.account) continue;
    const { depositId } = content.value;
    const amount = moneyFromWire(content.value.amount);
    if (!depositId || amount === undefined || after.deposits.includes(depositId)) continue;
    const booked = applyDeposit(after.book, { depositId, amount });
    after = booked.ok
      ? { ...after, book: booked.book, deposits: [...after.deposits, depositId] }
      : closeAccount(after, "BOOK_REFUSED", `deposit ${depositId}: ${booked.code}: ${booked.text}`);
  }
  return { state: after, effects: [] };
}
