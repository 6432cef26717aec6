/**
 * The drill of ops/runbooks/procedures/etcd-restore.md: two of three disks are gone, and etcd begins again from the third.
 *
 * By a snapshot of what is left, restored on all three, and not by adding members to it: a disk can have applied an entry without having that
 * it was committed. Begun anew it then keeps what it has applied, while members that are added are told the log without that entry; and for
 * the next transaction the one says yes and the others no.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdProgram, freePorts, memberArguments } from "@countersign/engines";
import { sha256 } from "@countersign/envelope";
import { EtcdQuorumLog, emptyHead, type Head } from "@countersign/quorum";
import { afterAll, beforeAll, expect, it } from "vitest";
import { restoreSnapshot, saveSnapshot } from "./support/etcd-snapshot.ts";

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  readonly dataDir: string;
}

const running = new Map<Member, ChildProcess>();
let dir: string;
let program: string;
let members: readonly [Member, Member, Member];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-etcd-"));
  program = await etcdProgram();
  const ports = await freePorts(6);
  const member = (n: number): Member => ({
    name: `etcd-${n}`,
    client: `127.0.0.1:${ports[n]}`,
    peer: `127.0.0.1:${ports[n + 3]}`,
    dataDir: join(dir, `etcd-${n}`),
  });
  members = [member(0), member(1), member(2)];
});

afterAll(async () => {
  for (const one of running.keys()) await kill(one);
  rmSync(dir, { recursive: true, force: true });
});

it.runIf(process.env.COUNTERSIGN_ETCD === undefined)(
  "begun again from the one disk that is left, all three members have the same: all entries, but perhaps the last",
  async () => {
    for (const one of members) start(one, members);
    for (const one of members) await answers(one);
    const log = new EtcdQuorumLog({ endpoints: members.map(({ client }) => client), platform: randomUUID() });
    try {
      let head: Head = emptyHead;
      for (let n = 0; n < 50; n++) head = await append(log, head, `before ${n}`);
      const [left, ...lost] = members;
      // A follower may be a little behind the other two, and theirs are the disks that go.
      const applied = await appliedAt(lost[0]);
      await expect.poll(() => appliedAt(left), { timeout: 10_000 }).toBeGreaterThanOrEqual(applied);
      for (const one of members) await kill(one);
      for (const { dataDir } of lost) rmSync(dataDir, { recursive: true });

      start(left, [left], "--force-new-cluster=true");
      await answers(left);
      const snapshot = join(dir, "snapshot.db");
      await saveSnapshot(left.client, snapshot);
      await kill(left);
      rmSync(left.dataDir, { recursive: true });
      const cluster = members.map(({ name, peer }) => `${name}=http://${peer}`);
      for (const { name, dataDir, peer } of members)
        await restoreSnapshot(snapshot, { name, dataDir, peer: `http://${peer}`, cluster });
      for (const one of members) start(one, members);
      for (const one of members) await answers(one);

      head = await log.head("ledger");
      expect([49n, 50n]).toContain(head.seq);
      const kept = Number(head.seq);
      for (let n = 0; n < 50; n++) head = await append(log, head, `after ${n}`);
      const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n}`);
      const all = [...numbered("before", kept), ...numbered("after", 50)];
      // Each may be missing now, and no two of them differ.
      for (const one of members) {
        await kill(one);
        head = await append(log, head, `without ${one.name}`);
        all.push(`without ${one.name}`);
        const names = (await log.read("ledger", 0n, 1_000)).map(({ entry }) => new TextDecoder().decode(entry));
        expect(names).toEqual(all);
        start(one, members);
        await answers(one);
      }
    } finally {
      log.close();
    }
  },
  120_000,
);

/** As a proposer does: who hears nothing reads on. */
async function append(log: EtcdQuorumLog, before: Head, name: string): Promise<Head> {
  const entry = new TextEncoder().encode(name);
  const digest = sha256(entry);
  const facts = { entry, digest, votes: [], opIds: [name], committedBy: "validator-1" };
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    await log.append({ log: "ledger", expectedHead: before, ...facts }).catch(() => undefined);
    const head = await log.head("ledger").catch(() => before);
    if (head.seq === before.seq) continue;
    expect(head).toEqual({ seq: before.seq + 1n, digest });
    return head;
  }
  throw new Error(`${name} did not get through`);
}

/** How many records of the raft log it has applied. */
async function appliedAt({ client }: Member): Promise<number> {
  const answer = await fetch(`http://${client}/v3/maintenance/status`, { method: "POST", body: "{}" });
  return Number(((await answer.json()) as { readonly raftAppliedIndex: string }).raftAppliedIndex);
}

function start(member: Member, cluster: readonly Member[], ...more: readonly string[]): void {
  const { name, dataDir, client, peer } = member;
  const args = memberArguments({
    name,
    dataDir,
    client: `http://${client}`,
    peer: `http://${peer}`,
    cluster: cluster.map((one) => `${one.name}=http://${one.peer}`),
  });
  running.set(member, spawn(program, [...args, ...more], { stdio: "ignore" }));
}

async function kill(member: Member): Promise<void> {
  const child = running.get(member);
  running.delete(member);
  if (child === undefined || child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** It has a leader. */
async function answers({ client }: Member): Promise<void> {
  const health = async () => {
    const answer = await fetch(`http://${client}/health`).catch(() => undefined);
    return ((await answer?.json()) as { readonly health?: string } | undefined)?.health;
  };
  await expect.poll(health, { timeout: 30_000 }).toBe("true");
}
