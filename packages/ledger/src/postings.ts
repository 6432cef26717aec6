/**
 * Double entry. A ledger holds one kind of thing: a currency or an instrument; amounts of different ledgers are never added. Each
 * event is one entry, booked whole or not at all, whose postings sum to zero in every ledger.
 *
 * The chart of accounts:
 *   money:<currency>     cash                 asset     what the venue owes us, negative when we owe it
 *                        positions:<symbol>   asset     positions at cost, negative for a short
 *                        deposits             equity    what the owners paid in
 *                        realised             income    profit and loss of what was closed, before fees
 *                        fees                 expense   commissions, apart from prices
 *   quantity:<symbol>    holdings             asset     what we hold, negative for a short
 *                        market               contra    where it came from
 */
export interface Entry {
  /** Deposit id or fill id: an event is booked once. */
  readonly id: string;
  readonly postings: readonly Posting[];
}

export interface Posting {
  readonly ledger: string;
  /** The ledger's: amounts are in units of 10^-scale. */
  readonly scale: number;
  readonly account: string;
  /** Positive is a debit, negative a credit; never zero. */
  readonly amount: bigint;
}

/** Of one account in one ledger, what was ever posted to it. Its balance is debits − credits. */
export interface AccountTotals {
  readonly scale: number;
  readonly debits: bigint;
  readonly credits: bigint;
}

/** Totals by ledger and account: plain data. */
export type TrialBalance = Readonly<Record<string, Readonly<Record<string, AccountTotals>>>>;

export const moneyLedger = (currency: string): string => `money:${currency}`;
export const quantityLedger = (symbol: string): string => `quantity:${symbol}`;
export const positionsAccount = (symbol: string): string => `positions:${symbol}`;

/** The first ledger in which the entry does not balance, or undefined. A zero posting counts as one: it says nothing. */
export function checkBalanced(entry: Entry): string | undefined {
  const sums = new Map<string, bigint>();
  for (const { ledger, scale, amount } of entry.postings) {
    if (amount === 0n) return ledger;
    // Two scales in one ledger cannot be summed; keyed apart, they will not balance.
    const key = `${ledger} at scale ${scale}`;
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  }
  for (const [key, sum] of sums) if (sum !== 0n) return key;
  return undefined;
}

/** An entry from its postings; those of nothing are left out. An unbalanced one is a broken invariant, and throws. */
export function entryOf(id: string, postings: readonly Posting[]): Entry {
  const entry = { id, postings: postings.filter((posting) => posting.amount !== 0n) };
  const unbalanced = checkBalanced(entry);
  if (unbalanced !== undefined) throw new Error(`entry ${id} does not balance in ${unbalanced}`); // P05.entry
  return entry;
}

/** The totals with the entry added. Throws when it does not balance or changes the scale of a ledger: broken invariants. */
export function post(totals: TrialBalance, entry: Entry): TrialBalance {
  const unbalanced = checkBalanced(entry);
  if (unbalanced !== undefined) throw new Error(`entry ${entry.id} does not balance in ${unbalanced}`); // P05.posted
  const after: Record<string, Record<string, AccountTotals>> = { ...totals };
  for (const { ledger, scale, account, amount } of entry.postings) {
    const before = after[ledger]?.[account] ?? { scale, debits: 0n, credits: 0n };
    if (before.scale !== scale) throw new Error(`entry ${entry.id} changes the scale of ${ledger}`);
    const debits = before.debits + (amount > 0n ? amount : 0n);
    const credits = before.credits - (amount < 0n ? amount : 0n);
    after[ledger] = { ...after[ledger], [account]: { scale, debits, credits } };
  }
  return after;
}

/** Debits − credits; zero for an account that nothing was posted to. */
export function balanceOf(totals: TrialBalance, ledger: string, account: string): bigint {
  const found = totals[ledger]?.[account];
  return found === undefined ? 0n : found.debits - found.credits;
}
