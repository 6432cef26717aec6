/** An alert as it is written here: what it asks of the metrics, what it says, and the two cases by which promtool tries it. */
import type { pipelineCodes } from "@countersign/envelope";
import type { gateCodes } from "@countersign/permit";

export interface Alert {
  /** Also its runbook's. One name may have two severities. */
  readonly name: string;
  /** `page`: a person acts now. `ticket`: on the next working day. `none`: it fires always. */
  readonly severity: "page" | "ticket" | "none";
  readonly owner: "risk" | "compliance" | "platform";
  readonly dashboard: Dashboard;
  readonly expr: string;
  readonly for?: string;
  /** Beside `severity` and `owner`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
  /** With the figures. */
  readonly description: string;
  /** What helps first, in a few words. */
  readonly mitigation: string;
  readonly fires: Case & { readonly labels: Readonly<Record<string, string>> };
  readonly quiet: Case;
}

export type Dashboard = "overview" | "money" | "agents" | "governance" | "bus" | "venues" | "platform";

/** Series as promtool writes them, one value a minute, and when it is looked. */
export interface Case {
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Cases of one name are tried together, over the series of all of them: what takes days is computed once. */
  readonly together?: string;
}

/** The release's, put in by the chart: an installation's rules never look at another's series. */
export const NAMESPACE = "$namespace";

/** A selector of one metric in this installation. */
export function of(metric: string, matchers = ""): string {
  return `${metric}{namespace="${NAMESPACE}"${matchers === "" ? "" : `,${matchers}`}}`;
}

/**
 * Whether a counter that should stand still has moved. A series that was not there before is a move too: a counter appears with its first
 * event, and `increase` does not see that one.
 */
export function moved(series: string, by: string, window: string): string {
  const sum = `sum by (namespace, ${by})`;
  const isNew = `${sum} (${series}) unless ${sum} (${series} offset ${window})`;
  return `${sum} (increase(${series}[${window}])) > 0 or (${isNew}) > 0`;
}

/** A matcher for one of these names. */
export function anyOf(label: string, names: readonly string[]): string {
  return names.length === 1 ? `${label}="${names[0]}"` : `${label}=~"${names.join("|")}"`;
}

/** … and for none of them. */
export function noneOf(label: string, names: readonly string[]): string {
  return names.length === 1 ? `${label}!="${names[0]}"` : `${label}!~"${names.join("|")}"`;
}

type PipelineCode = (typeof pipelineCodes)[number];
type GateCode = (typeof gateCodes)[number];

/** Codes that exist; a misspelt one is an error of types. */
export const FORGED: readonly PipelineCode[] = [
  "UNKNOWN_KEY",
  "BAD_SIGNATURE",
  "KEY_REVOKED",
  "KEY_COMPROMISED",
  "WRONG_PURPOSE",
  "WRONG_SENDER",
  "NOT_ALLOWED",
  "WRONG_MODE",
  "WRONG_TOPIC",
];
export const MALFORMED: readonly (PipelineCode | "PAYLOAD_MALFORMED")[] = [
  "MALFORMED",
  "SIGNATURE_COUNT",
  "BODY_MALFORMED",
  "BODY_INCOMPLETE",
  "WRONG_PAYLOAD_TYPE",
  "UNKNOWN_TOPIC",
  "WRONG_CHAIN_FIELDS",
  "WRONG_RECORD_KEY",
  "WRONG_HEADER",
  "PAYLOAD_MALFORMED",
];
export const STALE: readonly PipelineCode[] = ["STALE", "FUTURE"];
export const WITHOUT_AUTHORITY: readonly GateCode[] = [
  "ORDER_ALTERED",
  "PERMIT_MISSING",
  "PERMIT_FORGED",
  "PERMIT_KEY_REVOKED",
  "PERMIT_OTHER_INTENT",
  "PERMIT_SPENT",
  "APPROVAL_FORGED",
  "APPROVAL_KEY_REVOKED",
  "APPROVAL_OTHER_INTENT",
];
