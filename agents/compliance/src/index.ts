export { canvas } from "../canvas.ts";
export { type ComplianceConfig, DAILY, type Period } from "./config.ts";
export { type ComplianceFigures, countsInWords, figuresInWords, figuresToJson } from "./core/figures.ts";
export type { ComplianceState } from "./core/state.ts";
export type { MarketView } from "./core/view.ts";
export type { WatchedFigures } from "./core/watched.ts";
export { COSIGNED, type Cosigners, type CosignersOptions } from "./edge/cosigners.ts";
export {
  type AuditEvent,
  auditEvents,
  codeOf,
  eventOf,
  type LogRecord,
  logRecords,
  recordsCsv,
  textOf,
} from "./exports/records.ts";
export { type AuditReport, type RecordFilter, reportOf, selectRecords } from "./exports/report.ts";
export { type TaxRow, taxCsv, taxRows } from "./exports/tax.ts";
export { type Compliance, makeCompliance } from "./main.ts";
