/** `countersign audit report`: what a log says of who was allowed what, and of what became of it. Verified first, offline. */
import { readFileSync } from "node:fs";
import { auditLines, verifyAudit } from "@countersign/audit";
import { type AuditReport, auditEventNamed, type ReportedRecord, reportAudit } from "@countersign/platform";
import { auditFile, verdictLines } from "./audit.ts";
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
  const path = auditFile(file, flags, caller);
  const lines = [...auditLines(readFileSync(path))];
  const verdict = verifyAudit(lines);
  if (!verdict.ok) {
    for (const line of verdictLines(path, verdict)) screen.line(line);
    return exitCodes.failed;
  }
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
    `records                ${counted(report.records, "record")}: ${list(byEvent)}`,
    `verdicts               ${permits} permits, ${rejections} rejections, ${escalations} escalations`,
    `approval rate          ${percent(report.approvalRate ?? null)}`,
    `rejections by rule     ${list(report.rejectionsByRule)}`,
    `rejections by code     ${list(report.rejectionsByCode)}`,
    `orders                 ${orders}, ${ordersFilled} filled, refused: ${list(report.ordersRefused)}`,
    `success rate           ${percent(report.successRate ?? null)}`,
    `fills, hedges          ${fills}, ${hedges}`,
    `refusals by code       ${list(report.refusals)}`,
  ];
}

/** The most frequent first. */
function list(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const sorted = some.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return sorted.length === 0 ? "none" : sorted.map(([name, count]) => `${name} ${count}`).join(", ");
}

/** What is not known is null. */
function toJson(report: AuditReport): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(report).map(([name, value]) => [name, value ?? null]));
}
