/**
 * The figures, folded from the records of one account as they come. Bounded: the curve of the equity is a stream beside it.
 * Money comes from the certified ledger alone, never from what an agent says of itself.
 */
import { type EntryPosted, type Fill, type OrderAccepted, type OrderReported, topicSpec } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { type Entry, entryTimeMs, type Members, peekPropose, readEntry, verifyCertificate } from "@countersign/quorum";
import { type Input, payloadOf } from "@countersign/runtime";
import { type ComplianceConfig, DAILY } from "../config.ts";
import { type Counts, countRecord, noCounts } from "./counts.ts";
import {
  bookDeposit,
  bookFills,
  closePeriod,
  type EquityChange,
  type EquityPoint,
  type EquityState,
  emptyEquity,
  lost,
} from "./equity.ts";
import { addFill, emptySlippage, openOrder, reportOrder, type SlippageState } from "./slippage.ts";
import type { MarketView, PeriodEnd } from "./view.ts";

export interface ReportState {
  readonly counts: Counts;
  readonly slippage: SlippageState;
  readonly equity: EquityState;
  /** The last ledger entry that was folded. */
  readonly ledgerSeq: bigint;
  /** Envelopes of ledger entries that came before it was known who may certify them: two topics have no order between them. */
  readonly early?: readonly Uint8Array[];
}

/** The control log's first entry is on its way: more than these would say that it is not. */
const EARLY_MAX = 1_000;

export const emptyReport: ReportState = {
  counts: noCounts,
  slippage: emptySlippage,
  equity: emptyEquity,
  ledgerSeq: 0n,
};

export interface ReportContext extends Omit<ComplianceConfig, "signer"> {
  readonly genesis: { readonly members: Members } | undefined;
  readonly view: MarketView;
}

export interface ReportChange {
  readonly report: ReportState;
  readonly point?: EquityPoint | undefined;
}

type Message = Extract<Input, { kind: "message" }>;

export function foldReport(report: ReportState, message: Message, context: ReportContext): ReportChange {
  const { body, type, payload } = message;
  const isOther = topicSpec(body.topic)?.key === "account" && body.key !== context.account;
  if (isOther) return { report };
  if (type === "ledger.entry") {
    const { early = [] } = report;
    if (context.genesis === undefined && early.length < EARLY_MAX)
      return { report: { ...report, early: [...early, message.bytes] } };
    return foldEntry(report, message, context);
  }
  const counts = countRecord(report.counts, message);
  const slippage = foldSlippage(report.slippage, type, payload, context.view);
  return { report: { ...report, counts, slippage } };
}

export function endReportPeriod(
  report: ReportState,
  end: PeriodEnd,
  { period = DAILY }: Pick<ComplianceConfig, "period">,
): ReportChange {
  const { state: equity, point } = closePeriod(report.equity, end, period.perYear);
  return { report: { ...report, equity }, point };
}

function foldSlippage(
  slippage: SlippageState,
  type: string,
  payload: Message["payload"],
  view: MarketView,
): SlippageState {
  switch (type) {
    case "order.accepted":
      return openOrder(slippage, payload as OrderAccepted, view.recent);
    case "order.filled":
      return addFill(slippage, payload as Fill);
    case "order.reported":
      return reportOrder(slippage, payload as OrderReported);
    default:
      return slippage;
  }
}

/** What waited for the genesis, once it is there: in the order in which it came. */
export function foldEarly(
  { early = [], ...rest }: ReportState,
  context: ReportContext,
): { readonly report: ReportState; readonly points: readonly EquityPoint[] } {
  let report: ReportState = rest;
  const points: EquityPoint[] = [];
  for (const bytes of early) {
    const opened = openEnvelope(bytes, context.keys);
    const payload = opened.ok ? payloadOf(opened) : undefined;
    if (!opened.ok || payload === undefined) {
      report = { ...report, equity: lost(report.equity, "an entry before the genesis does not open any more").state };
      continue;
    }
    const change = foldEntry(report, { payload, attached: opened.attached }, context);
    report = change.report;
    if (change.point !== undefined) points.push(change.point);
  }
  return { report, points };
}

/** In the order of the log, each once; a missing or uncertified entry leaves the book unknown from there on. */
function foldEntry(
  report: ReportState,
  { payload, attached }: Pick<Message, "payload" | "attached">,
  context: ReportContext,
): ReportChange {
  const entry = readEntry((payload as EntryPosted).entry ?? new Uint8Array());
  if (entry === undefined || entry.seq <= report.ledgerSeq) return { report };
  const wrong =
    entry.seq === report.ledgerSeq + 1n
      ? certificateProblem(entry, attached, context)
      : `entry ${report.ledgerSeq + 1n} is missing`;
  const change = wrong === undefined ? bookEntry(report.equity, entry, context) : lost(report.equity, wrong);
  return { report: { ...report, equity: change.state, ledgerSeq: entry.seq }, point: change.point };
}

function certificateProblem(entry: Entry, votes: Message["attached"], { genesis, keys, mode }: ReportContext) {
  if (genesis === undefined) return "no genesis says who may certify it";
  const reading = { keys, mode };
  const wrong = verifyCertificate(entry.bytes, votes, genesis.members, reading);
  return wrong === undefined ? undefined : `entry ${entry.seq} is not certified: ${wrong}`;
}

/** Only the last of an entry's proposals makes a point: they happened at once. */
function bookEntry(before: EquityState, entry: Entry, { account, instruments }: ReportContext): EquityChange {
  let change: EquityChange = { state: before };
  for (const propose of entry.proposes) {
    const content = peekPropose(propose)?.request.content;
    if (content?.case !== "deposit" && content?.case !== "fills") continue;
    if (content.value.account !== account) continue;
    const { state } = change;
    change =
      content.case === "deposit"
        ? bookDeposit({ ...state, points: before.points }, content.value, entryTimeMs(entry))
        : bookFills({ ...state, points: before.points }, content.value, instruments);
  }
  return change;
}
