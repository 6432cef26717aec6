/** The last lines of a demo: the money, the counts, the heads, and what to try next. */
import type { Report, Told } from "@countersign/platform";
import { amount, counted, percent, whole } from "../terminal/figures.ts";

export interface Ending {
  readonly report: Report;
  readonly told: readonly Told[];
  readonly run: number;
  /** Whether the README shows this very head, of a run that nobody touched. */
  readonly isAsInReadme: boolean;
}

export function endingLines({ report, told, run, isAsInReadme }: Ending): readonly string[] {
  const { equity, deposits, realised, unrealised, fees, maxDrawdown, buyAndHold, auditHead, ledgerHead } = report;
  const money = `equity ${amount(equity)} = deposits ${amount(deposits)} + realised ${amount(realised)} + unrealised ${amount(unrealised)} − fees ${amount(fees)}`;
  const drawdown = maxDrawdown === null ? null : -Math.abs(maxDrawdown);
  const { rejections, escalations, approvals, intents, orders, filledOrders, hedges, intruder } = report;
  const answered = [
    approvals.given > 0 ? `${whole(approvals.given)} answered` : "",
    approvals.expired > 0 ? `${whole(approvals.expired)} expired` : "",
  ].filter(Boolean);
  const asked = `${whole(escalations)} asked${answered.length === 0 ? "" : ` (${answered.join(", ")})`}`;
  // By the first verdict, so that they add up: what a person let lapse was asked, not refused.
  const refused = rejections.total - refusedAfterAsking(told);
  const permitted = intents - refused - escalations;
  const verdicts = `${counted(intents, "intent")}: ${whole(permitted)} permitted, ${whole(refused)} refused, ${asked}`;
  const same = isAsInReadme ? " (the README shows the same one)" : "";
  const caught =
    intruder.tried === intruder.refused
      ? []
      : [`FAILED  ${intruder.tried} attempts of the intruder, ${intruder.refused} refused`];
  return [
    `${money}    drawdown ${percent(drawdown)}   buy and hold ${percent(buyAndHold)}`,
    `${verdicts} · ${counted(orders, "order")}, ${whole(filledOrders)} filled, ${whole(hedges)} of them hedges`,
    `audit head ${short(auditHead)}${same} · ledger head ${short(ledgerHead)} · kept as run ${run}`,
    ...caught,
    `next:  ${[...whyNext(told), "./countersign audit verify", "./countersign demo --limits my-limits.json"].join("     ")}`,
  ];
}

function refusedAfterAsking(told: readonly Told[]): number {
  const asked = new Set(told.flatMap(({ kind, subject }) => (kind === "WAITING" ? [subject] : [])));
  return told.filter(({ kind, subject }) => ENDED.has(kind) && asked.has(subject)).length;
}

const ENDED: ReadonlySet<string> = new Set(["EXPIRED", "REJECTED", "REFUSED"]);

/** The line most worth a question. */
function whyNext(told: readonly Told[]): readonly string[] {
  for (const kind of ["WAITING", "REFUSED", "HEDGED", "BOUGHT", "SOLD"]) {
    const line = told.find((one) => one.kind === kind);
    if (line !== undefined) return [`./countersign why ${line.n}`];
  }
  return [];
}

function short(head: string): string {
  return head === "" ? "—" : `${head.slice(0, SHORT_HEAD)}…`;
}

/** Hex digits of a head that are printed, here and in the README. */
export const SHORT_HEAD = 8;
