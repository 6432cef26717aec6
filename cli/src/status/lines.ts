import type { ClusterStatus, ProcessStatus } from "@countersign/platform";
import { duration } from "../terminal/duration.ts";

export function statusLines(status: ClusterStatus, nowMs: number): string[] {
  const { platform, account, supervisor, postgres, kafka, log } = status;
  const rows = [HEAD, ...status.processes.map((one) => row(one, nowMs, supervisor === undefined))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const table = rows.map((cells) =>
    cells
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const runner =
    supervisor === undefined
      ? ""
      : `   up for ${duration(nowMs - Date.parse(supervisor.since))}, by process ${supervisor.pid}`;
  return [
    `${platform}   account ${account}${runner}`,
    `trading     ${trading(status)}`,
    `PostgreSQL  ${postgres.says}`,
    `Kafka       ${kafka.says}`,
    `logs        ${log.says}`,
    "",
    ...table,
  ];
}

const HEAD = ["process", "pid", "up for", "restarts", "health", "fence", "outbox", "lag", "ended last by"];

function row(one: ProcessStatus, nowMs: number, isElsewhere: boolean): string[] {
  const { name, pid, since, restarts, lastEnd, fenceAgeS, outboxAgeS, lagS } = one;
  return [
    name,
    pid === undefined ? "—" : String(pid),
    since === undefined ? "—" : duration(nowMs - Date.parse(since)),
    String(restarts),
    health(one, isElsewhere),
    ...[fenceAgeS, outboxAgeS, lagS].map((age) => (age === undefined ? "—" : `${age.toFixed(1)} s`)),
    lastEnd ?? "",
  ];
}

function health({ pid, live, ready }: ProcessStatus, isElsewhere: boolean): string {
  if (pid === undefined && !isElsewhere) return "not running";
  if (!live.heard) return `silent: ${live.why}`;
  if (!live.ok) return `not live: ${live.why}`;
  return ready.ok ? "ready" : `not ready: ${ready.why}`;
}

function trading({ control }: ClusterStatus): string {
  if (control === undefined) return "the control log cannot be read: Kafka does not answer";
  const { epoch, seq, halts } = control;
  const head = `epoch ${epoch}, entry ${seq} of the control log`;
  if (seq === 0) return "not founded yet";
  if (halts.some(({ id }) => id === "birth")) return `not opened yet; ${head}`;
  return halts.length === 0
    ? `open; ${head}`
    : `halted by ${halts.map(({ id, scope }) => `${id} (${scope})`).join(", ")}; ${head}`;
}
