/** The figures from what is stored: the aggregate, and the stream of the equity's points. */
import { money } from "@countersign/orders";
import type { Store } from "@countersign/runtime";
import { type ComplianceConfig, DAILY } from "../config.ts";
import { type ComplianceFigures, figuresOf } from "../core/figures.ts";
import { endReportPeriod } from "../core/report.ts";
import { AGGREGATE, type ComplianceState, EQUITY, initialState } from "../core/state.ts";
import type { PeriodEnd } from "../core/view.ts";

/** `now`: the last quotes. The period that runs is closed with them for the figures, and goes on in the store. */
export async function readFigures(
  store: Pick<Store, "load" | "read">,
  { period = DAILY }: Pick<ComplianceConfig, "period">,
  now: PeriodEnd | undefined,
): Promise<ComplianceFigures> {
  const state = ((await store.load(AGGREGATE)).state ?? initialState) as ComplianceState;
  const curve = await readCurve(store);
  if (now === undefined) return figuresOf(state, curve, period);
  const { report, point } = endReportPeriod(state.report, now, { period });
  return figuresOf({ ...state, report }, point === undefined ? curve : [...curve, point], period);
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
