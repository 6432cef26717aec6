/**
 * The report of a run: Compliance's figures, what the process counted, and buy and hold beside them. Money is decimal text; what is not
 * known is null, never zero.
 */
import { openCounts, sealCount } from "@countersign/envelope";
import { formatFixed, type Money } from "@countersign/orders";
import type { RunResult } from "./run.ts";

export interface Report {
  readonly quotes: number;
  readonly warmUpQuotes: number;
  readonly signals: number;
  /** Each had one first verdict: permitted, refused, or a person was asked. */
  readonly intents: number;
  readonly permits: number;
  readonly rejections: { readonly byRule: Readonly<Record<string, number>>; readonly total: number };
  readonly escalations: number;
  readonly approvals: { readonly given: number; readonly expired: number };
  readonly orders: number;
  readonly filledOrders: number;
  readonly fills: number;
  readonly hedges: number;
  readonly intruder: { readonly tried: number; readonly refused: number };
  readonly currency: string;
  readonly deposits: string | null;
  readonly equity: string | null;
  readonly realised: string | null;
  readonly unrealised: string | null;
  readonly fees: string | null;
  /** Return of the traded symbols bought at the first quote and held, equally weighted; a fraction. */
  readonly buyAndHold: number | null;
  readonly maxDrawdown: number | null;
  readonly sharpe: number | null;
  readonly slippageBps: number | null;
  readonly auditHead: string;
  readonly ledgerHead: string;
  /** From an event of the market to the last booked consequence of it; over the steps that put something on record. Wall time. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly counts: {
    /** Envelopes of this process: every one that was sealed was opened, once. */
    readonly sealed: number;
    readonly opened: number;
    readonly refused: number;
    readonly deliveries: number;
    readonly inboxRows: number;
    readonly votes: number;
    readonly records: number;
  };
  readonly wallMs: number;
}

export async function buildReport(result: RunResult, traded: readonly string[]): Promise<Report> {
  const { embedded, ledger, attack, stepMs, heard } = result;
  const { feed, fence } = embedded;
  const figures = await embedded.figures();
  const sum = (pick: (counts: (typeof embedded.hosts)[number]["counts"]) => number) =>
    embedded.hosts.reduce((total, { counts }) => total + pick(counts), 0);
  const { opened, refused } = openCounts();
  return {
    quotes: feed.counts.quote - result.warmUpQuotes,
    warmUpQuotes: result.warmUpQuotes,
    signals: heard.signals,
    intents: heard.intents,
    permits: figures.permits,
    rejections: { byRule: figures.rejectionsByRule, total: figures.rejections },
    escalations: figures.escalations,
    approvals: { given: heard.approvals, expired: figures.rejectionsByCode.APPROVAL_EXPIRED ?? 0 },
    orders: figures.orders,
    filledOrders: figures.ordersFilled,
    fills: figures.fills,
    hedges: figures.hedges,
    intruder: { tried: attack?.tried ?? 0, refused: attack?.refused ?? 0 },
    currency: figures.equity?.currency ?? figures.deposits?.currency ?? "",
    deposits: text(figures.deposits),
    equity: text(figures.equity),
    realised: text(figures.realised),
    unrealised: text(figures.unrealised),
    fees: text(figures.fees),
    buyAndHold: feed.buyAndHold(traded, fence.keys) ?? null,
    maxDrawdown: figures.maxDrawdown ?? null,
    sharpe: figures.sharpe ?? null,
    slippageBps: figures.slippageBps ?? null,
    auditHead: result.auditHead,
    ledgerHead: ledger.at(-1)?.entryDigest ?? "",
    latencyMs: percentiles(stepMs),
    counts: {
      sealed: sealCount(),
      opened,
      refused,
      deliveries: sum(({ deliveries }) => deliveries),
      inboxRows: sum(({ inboxRows }) => inboxRows),
      votes: ledger.reduce((total, { votes }) => total + votes.length, 0),
      records: figures.records,
    },
    wallMs: Math.round(result.wallMs),
  };
}

function text(amount: Money | undefined): string | null {
  return amount === undefined ? null : formatFixed(amount);
}

/** Nearest rank. */
function percentiles(values: readonly number[]): Report["latencyMs"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 1000) / 1000;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
