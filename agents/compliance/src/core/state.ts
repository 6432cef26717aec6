/** All that Compliance remembers: one aggregate, written once a step, so it holds no list that grows with the day. */
import { emptyLog, type LogState } from "@countersign/audit";
import type { Members } from "@countersign/quorum";
import { emptyReport, type ReportState } from "./report.ts";

export interface ComplianceState {
  readonly log: LogState;
  /** From the control log's first entry. A log without one is nobody's: it gets no checkpoint. */
  readonly genesis: { readonly platform: string; readonly members: Members } | undefined;
  readonly report: ReportState;
}

/** The one aggregate, and the streams beside it. */
export const AGGREGATE = "log";
export const LEAVES = "leaves";
export const EQUITY = "equity";
/** The act that hands a checkpoint to who has it cosigned. */
export const COSIGN = "cosign";

export const initialState: ComplianceState = { log: emptyLog, genesis: undefined, report: emptyReport };
