/**
 * Adds up the books of a run once more: `node scripts/recompute-ledger.ts RUN_DIR [[SYMBOL=]TRACE…]`.
 *
 * After every entry of ledger.jsonl the money identity is computed twice, from the postings and from the fills, and compared with what the
 * entry says; with traces, each fill's price and each mark is looked for in them. It shares no code with the platform: this script and the
 * folder of its name import nothing but Node. One line per problem, a summary, and exit code 1 when there is a problem.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkFill, checkMark } from "./recompute-ledger/against-trace.ts";
import { decimal, nano, nanoOf } from "./recompute-ledger/decimal.ts";
import { Fills } from "./recompute-ledger/from-fills.ts";
import { Postings } from "./recompute-ledger/from-postings.ts";
import { type Booking, type Identity, readLedger } from "./recompute-ledger/ledger-file.ts";
import { readTrace, type Traces } from "./recompute-ledger/trace.ts";

const [runDir, ...traceNames] = process.argv.slice(2);
if (runDir === undefined) {
  console.error("node scripts/recompute-ledger.ts RUN_DIR [[SYMBOL=]TRACE…]");
  process.exit(2);
}
const traces: Traces = new Map();
for (const name of traceNames) readTrace(name, traces);
const { problems, counts, last } = recompute(runDir, traces);
for (const problem of problems) console.log(problem);
const { entries, deposits, fills, marks, found } = counts;
const sought = traces.size === 0 ? "no trace given" : `${found} of ${fills + marks} prices found in the trace`;
console.log(`${entries} entries, ${deposits} deposits, ${fills} fills, ${marks} marks; ${sought}`);
const verdict = problems.length === 0 ? "the money identity holds after every entry" : `${problems.length} problems`;
console.log(`${verdict}: equity ${last?.equity ?? "—"} ${last?.currency ?? ""}`);
process.exitCode = problems.length === 0 ? 0 : 1;

interface Account {
  readonly postings: Postings;
  readonly fills: Fills;
  readonly places: number;
}

function recompute(dir: string, traces: Traces) {
  const problems: string[] = [];
  const accounts = new Map<string, Account>();
  const seen = new Set<string>();
  const counts = { entries: 0, deposits: 0, fills: 0, marks: 0, found: 0 };
  let last: Identity | undefined;
  let head = "0".repeat(64);
  for (const { seq, prev, entryDigest, proposes } of readLedger(join(dir, "ledger.jsonl"))) {
    const say = (...texts: readonly string[]) => problems.push(...texts.map((text) => `entry ${seq}: ${text}`));
    counts.entries++;
    if (seq !== String(counts.entries)) say(`it is number ${counts.entries} in the file`);
    if (prev !== head) say(`it follows ${prev.slice(0, 8)}, not ${head.slice(0, 8)} before it`);
    head = entryDigest;
    for (const booking of proposes) {
      for (const id of idsOf(booking)) {
        if (seen.has(id)) say(`${id} is booked a second time`);
        seen.add(id);
      }
      const account = accounts.get(booking.account) ?? open(booking);
      accounts.set(booking.account, account);
      say(...book(account, booking));
      last = booking.identity;
      if (traces.size === 0) continue;
      const checks = pricesOf(account, booking, traces);
      counts.found += checks.filter((check) => check.length === 0).length;
      say(...checks.flat());
    }
    counts.deposits += proposes.filter(({ deposit }) => deposit !== undefined).length;
    counts.fills += proposes.reduce((sum, { fills = [] }) => sum + fills.length, 0);
    counts.marks += proposes.reduce((sum, { marks }) => sum + marks.length, 0);
  }
  problems.push(...checkReport(dir, head, [...accounts.values()]));
  return { problems, counts, last };
}

function idsOf({ opId, deposit, fills = [] }: Booking): readonly string[] {
  const ofFills = fills.flatMap((fill) => [`fill ${fill.fillId}`, `execution ${fill.venue} ${fill.executionId}`]);
  return [`op ${opId}`, ...(deposit === undefined ? [] : [`deposit ${deposit.depositId}`]), ...ofFills];
}

/** The places of its money are those of its first deposit. */
function open({ deposit, account }: Booking): Account {
  if (deposit === undefined) throw new Error(`account ${account} begins without a deposit`);
  const places = deposit.amount.scale;
  return { postings: new Postings(), fills: new Fills(places), places };
}

/** Both computations, compared with each other, account by account, and with the identity on the entry. */
function book({ postings, fills, places }: Account, booking: Booking): readonly string[] {
  const { deposit, marks, identity } = booking;
  const problems = [...postings.book(booking.postings)];
  if (deposit !== undefined) fills.deposits += nanoOf(deposit.amount);
  for (const fill of booking.fills ?? []) fills.book(fill);
  if (identity === undefined) return [...problems, "it names no identity"];

  const cash = postings.balance(`money:${identity.currency}/cash`);
  const positionValue = postings.positionValue(marks, places);
  const unrealised = fills.unrealised(marks);
  if (positionValue === undefined || unrealised === undefined) return [...problems, "an open position has no mark"];
  const { deposits, realised, fees } = fills;
  const compare = (name: string, stated: bigint, computed: bigint) => {
    if (stated !== computed) problems.push(`${name} is ${decimal(stated)}, recomputed ${decimal(computed)}`);
  };
  compare("cash + positions", cash + positionValue, deposits + realised + unrealised - fees);
  for (const [name, value] of Object.entries({ deposits, realised, fees })) {
    // What is earned is a credit, what is spent a debit.
    const balance = postings.balance(`money:${identity.currency}/${name}`);
    compare(`the postings' balance of ${name}`, name === "fees" ? balance : -balance, value);
  }
  for (const [symbol, { size, cost }] of fills.held) {
    compare(`the postings' holdings of ${symbol}`, postings.held.get(symbol) ?? 0n, size);
    compare(
      `the postings' cost of ${symbol}`,
      postings.balance(`money:${identity.currency}/positions:${symbol}`),
      cost,
    );
  }
  const equity = cash + positionValue;
  const computed = { cash, positionValue, deposits, realised, unrealised, fees, equity };
  for (const [name, value] of Object.entries(computed))
    compare(`stated ${name}`, nano(identity[name as keyof typeof computed]), value);
  return problems;
}

/** Of each fill and each mark what is wrong with its price. */
function pricesOf(
  { postings }: Account,
  { fills = [], marks }: Booking,
  traces: Traces,
): readonly (readonly string[])[] {
  const eventMs = Math.max(...fills.map(({ transactTimeMs }) => Number(transactTimeMs)));
  return [
    ...fills.map((fill) => checkFill(fill, traces)),
    ...marks.map((mark) => checkMark(mark, (postings.held.get(mark.symbol) ?? 0n) > 0n, eventMs, traces)),
  ];
}

/** What does not move between the last entry and the end of the run. */
function checkReport(dir: string, head: string, accounts: readonly Account[]): readonly string[] {
  const path = join(dir, "report.json");
  if (!existsSync(path)) return [];
  const report: Record<"deposits" | "realised" | "fees" | "ledgerHead", string> = JSON.parse(
    readFileSync(path, "utf8"),
  );
  const problems = report.ledgerHead === head ? [] : [`report.json names the ledger head ${report.ledgerHead}`];
  for (const name of ["deposits", "realised", "fees"] as const) {
    const sum = accounts.reduce((total, { fills }) => total + fills[name], 0n);
    if (nano(report[name]) !== sum)
      problems.push(`report.json says ${name} ${report[name]}, recomputed ${decimal(sum)}`);
  }
  return problems;
}
