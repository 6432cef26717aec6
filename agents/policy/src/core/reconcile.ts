/**
 * The other book: what the ledger's certified entries say. After each the two have to agree on cash, fees, deposits and what is held;
 * fills that only one of them has had yet explain a difference, nothing else does.
 */
import type { EntryPosted, FenceState, FillsBooked } from "@countersign/contracts";
import { keysAsOf } from "@countersign/envelope";
import { applyDeposit, applyFill, type Book, type BookedFill, fillFromWire } from "@countersign/ledger";
import { modes, moneyFromWire } from "@countersign/orders";
import { type Entry, entryTimeMs, openPropose, positionOf, readEntry, verifyCertificate } from "@countersign/quorum";
import type { Attached } from "@countersign/runtime";
import type { PolicyConfig } from "./config.ts";
import { closeAccount, type Latched } from "./latch.ts";
import { depositEquity } from "./observe.ts";
import { alert, refused } from "./records.ts";
import { type PolicyState, without } from "./state.ts";

/** No certificate, no entry: what is not certified changes nothing but is said. */
export function foldLedgerEntry(
  state: PolicyState,
  { entry: bytes }: EntryPosted,
  votes: Attached,
  from: { readonly sender: string; readonly msgId: string; readonly nowMs: number; readonly fence: FenceState },
  config: PolicyConfig,
): Latched {
  const entry = bytes === undefined ? undefined : readEntry(bytes);
  const refuse = (code: string): Latched => {
    const text = "an entry of the ledger is not believed";
    const record = refused(from.msgId, { code, text }, { sender: from.sender, type: "ledger.entry" });
    return { state, effects: [record, alert(code, text)] };
  };
  if (entry === undefined || entry.log !== "ledger") return refuse("BAD_ENTRY");
  const position = positionOf(entry, state.ledger);
  if (position === "known") return { state, effects: [] };
  const reading = { keys: config.keys, mode: modes.toWire(config.mode) };
  const uncertified = verifyCertificate(entry.bytes, votes, config.members, reading);
  if (uncertified !== undefined) return refuse(uncertified); // P04.policy
  if (position !== "next")
    return closeAccount(
      state,
      from.fence,
      config,
      `the ledger's chain has a ${position} at ${entry.seq}`,
      `chain ${entry.seq}`,
    );

  const folded = foldEntry(state, entry, from.nowMs, config);
  if (typeof folded === "string") return closeAccount(state, from.fence, config, folded, `entry ${entry.seq}`);
  const after = { ...folded, ledger: { ...folded.ledger, seq: entry.seq, digest: entry.digest } };
  const difference = differenceOf(after, from.nowMs, config);
  return difference === undefined
    ? { state: after, effects: [] }
    : closeAccount(after, from.fence, config, difference, `entry ${entry.seq}`);
}

/** The state with the entry in the second book; or why it cannot be booked. */
function foldEntry(before: PolicyState, entry: Entry, nowMs: number, config: PolicyConfig): PolicyState | string {
  let state = before;
  const keys = keysAsOf(config.keys, entryTimeMs(entry));
  for (const propose of entry.proposes) {
    const opened = openPropose(propose, { keys, mode: modes.toWire(config.mode) });
    if (!opened.ok) return `entry ${entry.seq} has a proposal that does not verify: ${opened.code}`;
    const { content } = opened;
    let next: PolicyState | string = state;
    if (content.case === "deposit" && content.value.account === config.account) {
      const amount = moneyFromWire(content.value.amount);
      next =
        amount === undefined
          ? "a deposit has no amount"
          : foldDeposit(state, content.value.depositId ?? "", amount, nowMs);
    }
    if (content.case === "fills" && content.value.account === config.account)
      next = foldFills(state, content.value, nowMs, config);
    if (typeof next === "string") return next;
    state = next;
  }
  return state;
}

/** Deposits come with the ledger alone: both books take them here. */
function foldDeposit(
  state: PolicyState,
  depositId: string,
  amount: NonNullable<ReturnType<typeof moneyFromWire>>,
  nowMs: number,
): PolicyState | string {
  const own = applyDeposit(state.book, { depositId, amount });
  const theirs = applyDeposit(state.ledger.book, { depositId, amount });
  if (!own.ok || !theirs.ok) return `the deposit ${depositId} cannot be booked`;
  const added = own.book.deposits - state.book.deposits;
  return {
    ...state,
    book: own.book,
    ledger: { ...state.ledger, book: theirs.book },
    equity: depositEquity(state.equity, added, nowMs),
  };
}

function foldFills(
  before: PolicyState,
  { fills }: FillsBooked,
  nowMs: number,
  config: PolicyConfig,
): PolicyState | string {
  let state = before;
  for (const wire of fills) {
    const fill = fillFromWire(wire);
    if (typeof fill === "string") return `the ledger books a fill without its ${fill}`;
    const book = withFill(state.ledger.book, fill, config);
    if (book === undefined) return `the ledger books the fill ${fill.fillId}, which Policy cannot`;
    const seen = state.unbooked[fill.fillId] !== undefined;
    const pending = seen
      ? { unbooked: without(state.unbooked, fill.fillId) }
      : { unseen: { ...state.unseen, [fill.fillId]: { fill, bookedMs: nowMs } } };
    state = { ...state, ledger: { ...state.ledger, book }, ...pending };
  }
  return state;
}

/** The first unexplained difference, in words. Both books are brought to the same fills first. */
function differenceOf(
  { book, ledger, unbooked, unseen }: PolicyState,
  nowMs: number,
  config: PolicyConfig,
): string | undefined {
  const late = Object.values(unseen).find(({ bookedMs }) => nowMs - bookedMs > UNSEEN_MAX_MS);
  if (late !== undefined) return `the ledger has booked the fill ${late.fill.fillId}, which Execution never reported`;
  const own = withFills(
    book,
    Object.values(unseen).map(({ fill }) => fill),
    config,
  );
  const theirs = withFills(ledger.book, Object.values(unbooked), config);
  if (own === undefined || theirs === undefined) return "a fill that one book holds cannot be booked in the other";
  for (const field of ["cash", "fees", "deposits"] as const)
    if (own[field] !== theirs[field]) return `${field}: Policy has ${own[field]}, the ledger ${theirs[field]}`;
  for (const symbol of new Set([...Object.keys(own.positions), ...Object.keys(theirs.positions)])) {
    const [a, b] = [own.positions[symbol]?.quantity.units ?? 0n, theirs.positions[symbol]?.quantity.units ?? 0n];
    if (a !== b) return `${symbol}: Policy holds ${a}, the ledger ${b}`;
  }
  return undefined;
}

/** What Execution reports and what the ledger books come by two topics; a minute of decision time is more than both may take. */
const UNSEEN_MAX_MS = 60_000;

function withFill(book: Book, fill: BookedFill, { instruments }: PolicyConfig): Book | undefined {
  const instrument = instruments.get(fill.symbol);
  const booking = instrument === undefined ? undefined : applyFill(book, fill, instrument);
  return booking?.ok === true ? booking.book : undefined;
}

function withFills(book: Book, fills: readonly BookedFill[], config: PolicyConfig): Book | undefined {
  return fills.reduce<Book | undefined>(
    (so, fill) => (so === undefined ? undefined : withFill(so, fill, config)),
    book,
  );
}
