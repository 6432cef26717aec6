/** `countersign audit report`: what a log says of who was allowed what, and of what became of it. Verified first, offline. */
import {
  type AuditReport,
  auditEventNamed,
  countsInWords,
  type ReportedRecord,
  reportAudit,
} from "@countersign/platform";
import { auditFile, orderedLog } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { windowOf } from "./demo/window.ts";
import { exitCodes } from "./failure.ts";
import { counted, percent } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";

export interface AuditReportFlags {
  readonly run?: string;
  readonly event?: string;
  readonly sender?: string;
  readonly code?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Returns the exit code. Of a log that is not in order nothing is said but that. Throws AuditError for what is no log, InputError. */
export function auditReport(file: string | undefined, flags: AuditReportFlags, caller: Caller): number {
  const { run: _, json, event, sender, code, from, to } = flags;
  const filter = {
    sender,
    code,
    ...windowOf(from, to),
    event: event === undefined ? undefined : auditEventNamed(event),
  };
  const screen = new Screen(process.stdout);
  const lines = orderedLog(auditFile(file, flags, caller), screen);
  if (lines === undefined) return exitCodes.failed;
  const { records, report } = reportAudit(lines, filter);
  if (json === true) {
    screen.line(JSON.stringify({ report: toJson(report), records }, null, 2));
    return exitCodes.ok;
  }
  // All of a log is a file: `audit export` makes it. Who asks for some of it sees them.
  const isSome = Object.values(filter).some((one) => one !== undefined);
  if (isSome) for (const record of records) screen.line(recordLine(record));
  for (const line of reportLines(report)) screen.line(line);
  return exitCodes.ok;
}

function recordLine({ index, time, event, sender, type, code, text }: ReportedRecord): string {
  const words = [code, text].filter(Boolean).join(": ");
  return `${String(index).padStart(7)}  ${time}  ${event.padEnd(13)}  ${sender.padEnd(12)}  ${type.padEnd(17)}  ${words}`.trimEnd();
}

function reportLines(report: AuditReport): readonly string[] {
  const { byEvent, permits, rejections, escalations, orders, ordersFilled, fills, hedges } = report;
  return [
    `records                ${counted(report.records, "record")}: ${countsInWords(byEvent)}`,
    `verdicts               ${permits} permits, ${rejections} rejections, ${escalations} escalations`,
    `approval rate          ${percent(report.approvalRate ?? null)}`,
    `rejections by rule     ${countsInWords(report.rejectionsByRule)}`,
    `rejections by code     ${countsInWords(report.rejectionsByCode)}`,
    `orders                 ${orders}, ${ordersFilled} filled, refused: ${countsInWords(report.ordersRefused)}`,
    `success rate           ${percent(report.successRate ?? null)}`,
    `fills, hedges          ${fills}, ${hedges}`,
    `refusals by code       ${countsInWords(report.refusals)}`,
  ];
}

/** What is not known is null. */
function toJson(report: AuditReport): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(report).map(([name, value]) => [name, value ?? null]));
}
