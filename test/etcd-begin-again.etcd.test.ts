// The drill of ops/runbooks/procedures/etcd-restore.md: two of three disks are gone, and etcd begins again from the third. What is missing
// then is for persons: no process of the platform goes back behind a head it has seen.
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
  "begun again from the one disk that is left, etcd has all entries but perhaps the last, and three members go on",
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
      // The flag is for this one start.
      await kill(left);
      start(left, [left]);
      await answers(left);
      // The disk has the last entry, and may not have that it was committed: it was told so with the next one, which never came.
      head = await log.head("ledger");
      expect([49n, 50n]).toContain(head.seq);
      const kept = Number(head.seq);
      const there = [left];
      for (const one of lost) {
        await admit(left, one);
        there.push(one);
        start(one, there, "--initial-cluster-state=existing");
        await answers(one);
      }
      for (let n = 0; n < 50; n++) head = await append(log, head, `after ${n}`);
      // It is one of three again: it may be missing.
      await kill(left);
      head = await append(log, head, "last");
      const names = (await log.read("ledger", 0n, 1_000)).map(({ entry }) => new TextDecoder().decode(entry));
      const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n}`);
      expect(names).toEqual([...numbered("before", kept), ...numbered("after", 50), "last"]);
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

/** What `etcdctl member add` does. A member that came just before has to have been there for a while. */
async function admit(through: Member, { peer }: Member): Promise<void> {
  const body = JSON.stringify({ peerURLs: [`http://${peer}`] });
  const add = () => fetch(`http://${through.client}/v3/cluster/member/add`, { method: "POST", body });
  await expect.poll(async () => (await add()).ok, { timeout: 30_000, interval: 500 }).toBe(true);
}
