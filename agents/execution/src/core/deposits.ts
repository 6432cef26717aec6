import { applyDeposit } from "@countersign/ledger";
import { modes, moneyFromWire } from "@countersign/orders";
import { peekPropose, readEntry, verifyCertificate } from "@countersign/quorum";
import type { Attached, Decision } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import { closeAccount, type ExecutionState } from "./state.ts";

/**
 * The account's deposits, as the ledger posts them: the book of fills begins with them. Fills are our own, and not read back. What is not
 * certified changes nothing; that it came is on record, for Policy reads the same topic and says so.
 */
export function onLedgerEntry(
  { keys, mode, members }: CoreConfig,
  state: ExecutionState,
  bytes: Uint8Array,
  votes: Attached,
): Decision<ExecutionState> {
  const entry = readEntry(bytes);
  if (entry?.log !== "ledger") return { state, effects: [] };
  const reading = { keys, mode: modes.toWire(mode) };
  const uncertified = verifyCertificate(entry.bytes, votes, members, reading);
  if (uncertified !== undefined) return { state, effects: [] }; // P04.execution
  let after = state;
  for (const propose of entry.proposes) {
    const content = peekPropose(propose)?.request.content;
    if (content?.case !== "deposit" || content.value.account !== state.account) continue;
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
