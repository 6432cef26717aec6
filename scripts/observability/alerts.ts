/** Every alert there is, in the files of rules that the chart carries. */
import type { Alert } from "./alert.ts";
import { audit } from "./alerts/audit.ts";
import { bus } from "./alerts/bus.ts";
import { processAlerts } from "./alerts/processes.ts";
import { quorum } from "./alerts/quorum.ts";
import { trading } from "./alerts/trading.ts";
import { venues } from "./alerts/venues.ts";
import { measuredSlos, type Recording, recordings, sloAlerts } from "./slo.ts";

export interface RuleFile {
  /** Without `.yaml`. */
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: readonly Alert[];
}

export const ruleFiles: readonly RuleFile[] = [
  { name: "audit", recordings: [], alerts: audit },
  { name: "bus", recordings: [], alerts: bus },
  { name: "processes", recordings: [], alerts: processAlerts },
  { name: "quorum", recordings: [], alerts: quorum },
  { name: "slo", recordings: measuredSlos().flatMap(recordings), alerts: measuredSlos().flatMap(sloAlerts) },
  { name: "trading", recordings: [], alerts: trading },
  { name: "venues", recordings: [], alerts: venues },
];

export const alerts: readonly Alert[] = ruleFiles.flatMap((file) => file.alerts);
