import { FORGED } from "../alert.ts";
import { type DashboardSpec, rate, shown } from "./dashboard.ts";

export const governance: DashboardSpec = {
  uid: "countersign-governance",
  title: "Governance",
  description: "Who permits, who refuses, who halts, who signs; and how fresh the record of it is.",
  rows: [
    {
      title: "Halts and the fence",
      panels: [
        {
          title: "Halts in force",
          description: "As each process has read the control log: all lines of a scope lie on one another.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent, scope) (${shown("countersign_halts")})`, legend: "{{agent}} {{scope}}" }],
          alert: "TradingHalted",
        },
        {
          title: "Age of the fence",
          description: "Since the control log was heard; beyond 3 s an agent refuses.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_fence_age_seconds")})`, legend: "{{agent}}" }],
          thresholds: { warn: 2, bad: 3 },
          alert: "FenceStale",
        },
        {
          title: "Latches",
          description: "Halts that an agent holds by itself, until a resume names them.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_latches")})`, legend: "{{agent}}" }],
          alert: "HaltNotGlobal",
        },
        {
          title: "Validators that serve",
          description: "Two of three certify.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [
            {
              expr: 'sum by (agent) (countersign_ready{namespace="$namespace",agent=~"validator-.+"})',
              legend: "{{agent}}",
            },
          ],
          alert: "QuorumLost",
        },
      ],
    },
    {
      title: "Verdicts and persons",
      panels: [
        {
          title: "Verdicts",
          description: "Permits, rejections and escalations, a second, from the audit log.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_verdicts_total", "verdict"), legend: "{{verdict}}" }],
          alert: "PolicyDenialsHigh",
        },
        {
          title: "Rejections by rule",
          description: "Every rule that an order breached and that is more than a warning.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_breaches_total", "rule"), legend: "{{rule}}" }],
        },
        {
          title: "Orders that wait for a person",
          description: "And until the first of them expires.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_approvals_waiting")})`, legend: "waiting" }],
        },
        {
          title: "Until an order expires",
          description: "The first of those that wait for a person.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `min(${shown("countersign_approval_left_seconds")})`, legend: "left" }],
          thresholds: { warn: 60, bad: 30, isBelow: true },
          alert: "ApprovalExpiring",
        },
      ],
    },
    {
      title: "The record",
      panels: [
        {
          title: "Age of the audit log's checkpoint",
          description: "As Policy and Execution read it; beyond 10 s they refuse.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (agent) (${shown("countersign_checkpoint_age_seconds")})`, legend: "{{agent}}" }],
          thresholds: { warn: 5, bad: 10 },
          alert: "AuditCheckpointOld",
        },
        {
          title: "Since all of it was cosigned",
          description: "A checkpoint that two validators have cosigned covered the whole log so long ago.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_uncosigned_age_seconds")})`, legend: "since" }],
          thresholds: { warn: 30, bad: 60 },
          alert: "AuditUncosigned",
        },
        {
          title: "Records in the audit log",
          description: "Leaves of the Merkle tree.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_audit_records")})`, legend: "records" }],
        },
        {
          title: "Oldest fill that is not booked",
          description: "Beyond 10 s Execution takes no new order.",
          ...{ unit: "s", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_unbooked_age_seconds")})`, legend: "age" }],
          thresholds: { warn: 5, bad: 10 },
          alert: "UnbookedFills",
        },
        {
          title: "Not authentic, or not allowed",
          description: "Refusals of keys, senders and rights: where nobody rotates a key, there are none.",
          ...{ unit: "reqps", width: 24, kind: "timeseries" },
          queries: [
            {
              expr: rate("countersign_refusals_total", "agent, code, place", `code=~"${FORGED.join("|")}"`),
              legend: "{{agent}} {{code}} {{place}}",
            },
          ],
          alert: "MessagesForged",
        },
      ],
    },
  ],
};
