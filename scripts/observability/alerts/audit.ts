/** The record: fills that are not booked, books that differ, an audit log that does not go on or does not hold. */
import { type Alert, moved, of } from "../alert.ts";

const broken = of("countersign_alerts_total", 'agent="compliance",code=~"AUDIT_GAP|AUDIT_FORK"');
const refused = of("countersign_alerts_total", 'agent="compliance",code=~"COSIGNATURE_.+"');
const differ = of("countersign_alerts_total", 'agent="policy",code="BOOK_DIFFERS"');
const age = (agent: string) => of("countersign_checkpoint_age_seconds", `agent="${agent}"`);

export const audit: readonly Alert[] = [
  {
    name: "UnbookedFills",
    severity: "page",
    owner: "compliance",
    dashboard: "governance",
    expr: `max by (namespace) (${of("countersign_unbooked_age_seconds")}) > 10`,
    for: "30s",
    summary: "A fill waits for {{ $value | humanizeDuration }} to be booked",
    description:
      "The oldest fill that the quorum has not booked is {{ $value | humanizeDuration }} old. Beyond 10 s Execution takes no new order.",
    mitigation: "bring the quorum, or the validators' way to the venue, back; fills book themselves",
    fires: {
      series: { [of("countersign_unbooked_age_seconds", 'agent="execution"')]: "0x2 20+60x10" },
      at: "6m",
      labels: {},
    },
    quiet: { series: { [of("countersign_unbooked_age_seconds", 'agent="execution"')]: "0 9 0 8 0 9 0 9 0" }, at: "6m" },
  },
  {
    name: "AuditCheckpointOld",
    severity: "page",
    owner: "compliance",
    dashboard: "governance",
    expr: `max by (namespace, agent) (${of("countersign_checkpoint_age_seconds", 'agent=~"policy|execution"')}) > 10`,
    for: "30s",
    summary: "{{ $labels.agent }} has seen no checkpoint of the audit log for {{ $value | humanizeDuration }}",
    description:
      "The last checkpoint that {{ $labels.agent }} has read is {{ $value | humanizeDuration }} old. Beyond 10 s it refuses with AUDIT_STALE.",
    mitigation: "restart Compliance: it goes on from its store",
    fires: { series: { [age("policy")]: "1x2 15+60x10" }, at: "6m", labels: { agent: "policy" } },
    quiet: {
      series: {
        [age("policy")]: "1 2 1 9 1 2 1 1 1",
        [of("countersign_checkpoint_age_seconds", 'agent="hedger"')]: "99x9",
      },
      at: "6m",
    },
  },
  {
    name: "AuditChainBroken",
    severity: "page",
    owner: "compliance",
    dashboard: "governance",
    expr: moved(broken, "code", "15m"),
    summary: "A chain of records is broken: {{ $labels.code }}",
    description:
      "Compliance has named a break of an agent's chain ({{ $labels.code }}). Its owner runs into AUDIT_BEHIND and stops.",
    mitigation: "find the missing record: `countersign outbox republish --agent <name>`",
    fires: {
      series: { [of("countersign_alerts_total", 'agent="compliance",code="AUDIT_GAP"')]: "_x20 1x20" },
      at: "25m",
      labels: { code: "AUDIT_GAP" },
    },
    quiet: { series: { [of("countersign_alerts_total", 'agent="compliance",code="AUDIT_GAP"')]: "1x60" }, at: "50m" },
  },
  {
    name: "CosignatureRefused",
    severity: "page",
    owner: "compliance",
    dashboard: "governance",
    expr: moved(refused, "code", "15m"),
    summary: "A validator refuses to cosign the audit log: {{ $labels.code }}",
    description:
      "A validator answered {{ $labels.code }}. INCONSISTENT means that it has cosigned another log than this one.",
    mitigation: "stop trading and keep Compliance's database as it is",
    fires: {
      series: { [of("countersign_alerts_total", 'agent="compliance",code="COSIGNATURE_INCONSISTENT"')]: "_x20 1x20" },
      at: "25m",
      labels: { code: "COSIGNATURE_INCONSISTENT" },
    },
    quiet: {
      series: { [of("countersign_alerts_total", 'agent="compliance",code="COSIGNATURE_INCONSISTENT"')]: "1x60" },
      at: "50m",
    },
  },
  {
    name: "AuditUncosigned",
    severity: "ticket",
    owner: "compliance",
    dashboard: "governance",
    expr: `max by (namespace) (${of("countersign_uncosigned_age_seconds")}) > 60`,
    for: "2m",
    summary: "The audit log has records that no majority has cosigned for {{ $value | humanizeDuration }}",
    description:
      "A cosigned checkpoint covered the whole audit log {{ $value | humanizeDuration }} ago. Trading goes on; an export of now is weaker.",
    mitigation: "bring a second validator back",
    fires: {
      series: { [of("countersign_uncosigned_age_seconds", 'agent="compliance"')]: "1x2 30+60x10" },
      at: "8m",
      labels: {},
    },
    quiet: {
      series: { [of("countersign_uncosigned_age_seconds", 'agent="compliance"')]: "1 50 1 70 1 2 1 1 1" },
      at: "8m",
    },
  },
  {
    name: "BooksDiffer",
    severity: "page",
    owner: "compliance",
    dashboard: "governance",
    expr: moved(differ, "code", "15m"),
    summary: "Policy's book is not the ledger's",
    description:
      "Policy has latched a halt because the book it made from fills and the one of the certified ledger differ ({{ $labels.code }}).",
    mitigation: "none before it is explained: two computations of one account disagree",
    fires: {
      series: { [of("countersign_alerts_total", 'agent="policy",code="BOOK_DIFFERS"')]: "_x20 1x20" },
      at: "25m",
      labels: { code: "BOOK_DIFFERS" },
    },
    quiet: { series: { [of("countersign_alerts_total", 'agent="policy",code="HALTED"')]: "0+1x60" }, at: "50m" },
  },
];
