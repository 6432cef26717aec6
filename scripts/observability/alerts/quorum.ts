/** The validators and the fence that everybody takes from them. */
import { VALIDATORS } from "../../../platform/src/genesis.ts";
import { type Alert, anyOf, moved, of } from "../alert.ts";

/** 0 where not one of them is seen. */
const serving =
  `(count by (namespace) (${of("countersign_ready", anyOf("agent", VALIDATORS))} == 1) or ` +
  `count by (namespace) (${of("countersign_ready")}) * 0)`;
const ready = (validator: string) => of("countersign_ready", `agent="${validator}"`);
const putBack = of("countersign_alerts_total", 'code="LOG_PUT_BACK"');
const fence = (agent: string) => of("countersign_fence_age_seconds", `agent="${agent}"`);

export const quorum: readonly Alert[] = [
  {
    name: "FenceStale",
    severity: "page",
    owner: "platform",
    dashboard: "governance",
    expr: `max by (namespace, agent) (${of("countersign_fence_age_seconds")}) > 3`,
    for: "15s",
    summary: "{{ $labels.agent }} has not heard the control log for {{ $value | humanizeDuration }}",
    description:
      "The fence of {{ $labels.agent }} is {{ $value | humanizeDuration }} old, its lease is 3 s: it refuses, because it may have missed a halt.",
    mitigation: "bring two validators, and two members of etcd, back",
    fires: { series: { [fence("execution")]: "0.5x2 20+60x10" }, at: "5m", labels: { agent: "execution" } },
    quiet: { series: { [fence("execution")]: "0.5 1.9 0.4 2.9 0.5 0.5 0.5" }, at: "5m" },
  },
  {
    name: "QuorumLost",
    severity: "page",
    owner: "platform",
    dashboard: "governance",
    expr: `${serving} < 2`,
    for: "30s",
    summary: "{{ $value }} of three validators serve: nothing can be certified",
    description:
      "{{ $value }} of three validators are ready. Nothing is booked, no resume counts, and trading stops within 3 s.",
    mitigation: "bring a second validator back",
    fires: {
      series: {
        [ready("validator-1")]: "1x20",
        [ready("validator-2")]: "1x2 0x20",
        [ready("validator-3")]: "1x2 _x20",
      },
      at: "10m",
      labels: {},
    },
    quiet: {
      series: { [ready("validator-1")]: "1x20", [ready("validator-2")]: "1x20", [ready("validator-3")]: "0x20" },
      at: "10m",
    },
  },
  {
    name: "QuorumShort",
    severity: "ticket",
    owner: "platform",
    dashboard: "governance",
    expr: `${serving} == 2`,
    for: "5m",
    summary: "One of three validators does not serve",
    description: "{{ $value }} of three validators are ready: everything goes on, and one more that fails stops it.",
    mitigation: "restart the third",
    fires: {
      series: { [ready("validator-1")]: "1x20", [ready("validator-2")]: "1x20", [ready("validator-3")]: "0x20" },
      at: "10m",
      labels: {},
    },
    quiet: {
      series: { [ready("validator-1")]: "1x20", [ready("validator-2")]: "1x20", [ready("validator-3")]: "1x20" },
      at: "10m",
    },
  },
  {
    name: "LogPutBack",
    severity: "page",
    owner: "platform",
    dashboard: "governance",
    expr: moved(putBack, "agent", "15m"),
    summary: "etcd had forgotten certified entries; {{ $labels.agent }} has put them back",
    description:
      "{{ $labels.agent }} found that the control log or the ledger ended before what it had seen, and wrote the rest there again. etcd has lost data.",
    mitigation: "nothing at once: find out what etcd has lost, and why",
    fires: {
      series: { [of("countersign_alerts_total", 'agent="validator-2",code="LOG_PUT_BACK"')]: "_x20 1x20" },
      at: "25m",
      labels: { agent: "validator-2" },
    },
    quiet: {
      series: { [of("countersign_alerts_total", 'agent="validator-2",code="LOG_PUT_BACK"')]: "1x60" },
      at: "50m",
    },
  },
];
