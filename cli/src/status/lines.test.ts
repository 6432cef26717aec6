import type { ClusterStatus, ProcessStatus } from "@countersign/platform";
import { expect, it } from "vitest";
import { statusLines } from "./lines.ts";

const NOW = Date.parse("2026-01-01T02:05:00Z");
const answer = { ok: true, why: "ok", heard: true };
const policy: ProcessStatus = {
  name: "policy",
  pid: 42,
  since: "2026-01-01T02:04:00Z",
  restarts: 1,
  lastEnd: "SIGKILL",
  live: answer,
  ready: answer,
  fenceAgeS: 0.52,
  outboxAgeS: 0,
  lagS: undefined,
};
const ill = (more: Partial<ProcessStatus>): ProcessStatus => ({ ...policy, restarts: 0, lastEnd: undefined, ...more });

function status(more: Partial<ClusterStatus>): ClusterStatus {
  return {
    platform: "cs-1",
    account: "main",
    supervisor: { pid: 7, started: "1", since: "2026-01-01T00:00:00Z" },
    postgres: { ok: true, says: "answers" },
    kafka: { ok: true, says: "3 brokers up" },
    log: { ok: true, says: "etcd, 3 members up" },
    control: { epoch: 1, seq: 2, halts: [] },
    processes: [policy],
    ...more,
  };
}

it("says who runs, since when, how often it was started again and how it is", () => {
  const processes = [
    policy,
    ill({ name: "signal", ready: { ok: false, why: "the fence is stale", heard: true } }),
    ill({ name: "hedger", live: { ok: false, why: "no answer within 2 s", heard: false }, fenceAgeS: undefined }),
    ill({ name: "market", live: { ok: false, why: "a handler hangs", heard: true } }),
    ill({ name: "gateway", pid: undefined, since: undefined, lastEnd: "exit 70" }),
  ];
  expect(statusLines(status({ processes }), NOW)).toEqual([
    "cs-1   account main   up for 2 h 5 min, by process 7",
    "trading     open; epoch 1, entry 2 of the control log",
    "PostgreSQL  answers",
    "Kafka       3 brokers up",
    "logs        etcd, 3 members up",
    "",
    "process  pid  up for  restarts  health                         fence  outbox  lag  ended last by",
    "policy   42   60 s    1         ready                          0.5 s  0.0 s   —    SIGKILL",
    "signal   42   60 s    0         not ready: the fence is stale  0.5 s  0.0 s   —",
    "hedger   42   60 s    0         silent: no answer within 2 s   —      0.0 s   —",
    "market   42   60 s    0         not live: a handler hangs      0.5 s  0.0 s   —",
    "gateway  —    —       0         not running                    0.5 s  0.0 s   —    exit 70",
  ]);
});

it("says whether trading is open", () => {
  const trading = (control: ClusterStatus["control"]) => statusLines(status({ control }), NOW)[1];
  const birth = { id: "birth", scope: "all" };
  expect(trading({ epoch: 0, seq: 0, halts: [birth] })).toBe("trading     not founded yet");
  expect(trading({ epoch: 0, seq: 1, halts: [birth] })).toMatch(/ not opened yet; epoch 0/);
  expect(trading({ epoch: 2, seq: 3, halts: [{ id: "h1", scope: "symbol:AAPL" }] })).toMatch(
    / halted by h1 \(symbol:AAPL\);/,
  );
  expect(trading(undefined)).toMatch(/ cannot be read/);
});
