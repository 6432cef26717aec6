import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, inject, it } from "vitest";
import { quorumLogConformance } from "../conformance.ts";
import { emptyHead, entryDigest, type Head } from "../entry.ts";
import type { Append } from "../log.ts";
import { EtcdQuorumLog } from "./log.ts";

const opened: EtcdQuorumLog[] = [];
afterAll(() => {
  for (const log of opened) log.close();
});

function open(platform: string = randomUUID(), endpoints = inject("etcd")): EtcdQuorumLog {
  const log = new EtcdQuorumLog({ endpoints, platform });
  opened.push(log);
  return log;
}

function entryAfter(expectedHead: Head, name: string): Append {
  const entry = new TextEncoder().encode(name);
  const facts = { entry, digest: entryDigest(entry), votes: [], committedBy: "validator-1" };
  return { log: "ledger", expectedHead, ...facts, opIds: [`op ${name}`] };
}

const headOf = ({ expectedHead, digest }: Append): Head => ({ seq: expectedHead.seq + 1n, digest });

describe("the log on etcd", () => {
  const equal = (actual: unknown, expected: unknown) => expect(actual).toEqual(expected);
  quorumLogConformance(async () => open(), { it, equal });

  it("says what it survives", () => {
    expect(open().status).toBe(`etcd of ${inject("etcd").length}: survives the loss of 1`);
  });

  it("is one log for all processes, who are told of what any of them commits", async () => {
    const platform = randomUUID();
    const [mine, other] = [open(platform), open(platform)];
    const told: string[] = [];
    other.watch((log, seq) => told.push(`${log} ${seq}`));
    const one = entryAfter(emptyHead, "one");
    await mine.append(one);
    await expect.poll(() => told).toEqual(["ledger 1"]);
    expect(await other.append(entryAfter(emptyHead, "fork"))).toMatchObject({ kind: "conflict" });
    expect(await other.append(entryAfter(headOf(one), "two"))).toEqual({ kind: "committed" });
    // Who comes later is told where the log is.
    const late = open(platform);
    late.watch((log, seq) => told.push(`late: ${log} ${seq}`));
    await expect.poll(() => told).toContain("late: ledger 2");
  });

  it("may be closed at any moment", async () => {
    for (let waitMs = 0; waitMs < 20; waitMs += 4) {
      const log = new EtcdQuorumLog({ endpoints: inject("etcd"), platform: randomUUID() });
      await wait(waitMs);
      log.close();
      await expect(log.head("ledger")).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    }
    await wait(200);
  });

  it("platforms that share an etcd do not meet", async () => {
    const one = entryAfter(emptyHead, "one");
    for (const log of [open(), open()]) expect(await log.append(one)).toEqual({ kind: "committed" });
  });

  it("nobody there is LOG_UNREACHABLE", async () => {
    const log = open(randomUUID(), ["127.0.0.1:1"]);
    await expect(log.head("ledger")).rejects.toMatchObject({ name: "QuorumError", code: "LOG_UNREACHABLE" });
    await expect(log.append(entryAfter(emptyHead, "one"))).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
  }, 20_000);
});
