/** The figures from what is stored: the aggregate, and the stream of the equity's points. */
import { money } from "@countersign/orders";
import type { Store } from "@countersign/runtime";
import { type ComplianceConfig, DAILY, type Period } from "../config.ts";
import { type ComplianceFigures, figuresOf } from "../core/figures.ts";
import { endReportPeriod } from "../core/report.ts";
import { AGGREGATE, type ComplianceState, EQUITY, initialState } from "../core/state.ts";
import type { PeriodEnd } from "../core/view.ts";
import { type WatchedFigures, watchedFigures } from "../core/watched.ts";

/** `now`: the last quotes. The period that runs is closed with them for the figures, and goes on in the store. */
export async function readFigures(
  store: Pick<Store, "load" | "read">,
  { period = DAILY }: Pick<ComplianceConfig, "period">,
  now: PeriodEnd | undefined,
): Promise<ComplianceFigures> {
  const { state, point } = valuedAt(await readState(store), now, period);
  const curve = await readCurve(store);
  return figuresOf(state, point === undefined ? curve : [...curve, point], period);
}

/** The same without the curve, of a state that was read. */
export function watchFigures(
  state: unknown,
  { period = DAILY }: Pick<ComplianceConfig, "period">,
  now: PeriodEnd | undefined,
): WatchedFigures {
  return watchedFigures(valuedAt((state ?? initialState) as ComplianceState, now, period).state);
}

async function readState(store: Pick<Store, "load">): Promise<ComplianceState> {
  return ((await store.load(AGGREGATE)).state ?? initialState) as ComplianceState;
}

function valuedAt(state: ComplianceState, now: PeriodEnd | undefined, period: Period) {
  if (now === undefined) return { state, point: undefined };
  const { report, point } = endReportPeriod(state.report, now, { period });
  return { state: { ...state, report }, point };
}

async function readCurve(store: Pick<Store, "read">) {
  const points = [];
  for (let after = 0n; ; ) {
    const rows = await store.read(EQUITY, after, PAGE);
    for (const { seq, bytes } of rows) {
      after = seq;
      const [timeMs = "", units = "", scale = "", currency = ""] = Buffer.from(bytes).toString().split(" ");
      points.push({ timeMs: Number(timeMs), equity: money(BigInt(units), Number(scale), currency) });
    }
    if (rows.length < PAGE) return points;
  }
}

const PAGE = 1_000;
