import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { BodySchema, ProposeRequestSchema, SignedSchema } from "@countersign/contracts";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { quorumLogConformance } from "../conformance.ts";
import { buildEntry, emptyHead, type Head } from "../entry.ts";
import { EtcdQuorumLog } from "../etcd/log.ts";
import { type Append, OPS_MAX } from "../log.ts";
import { type Archive, openArchive } from "./archive.ts";
import { type ArchivedLogOptions, ArchivedQuorumLog } from "./log.ts";

const VALIDATORS = ["validator-1", "validator-2", "validator-3"];

let database: TestDatabase;
let pool: Pool;
let schemas = 0;
const opened: EtcdQuorumLog[] = [];
beforeAll(async () => {
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 8, applicationName: "archive-test" });
});
afterAll(async () => {
  for (const log of opened) log.close();
  await pool.close();
  await database[Symbol.asyncDispose]();
});

const onEtcd = (platform: string) => {
  const log = new EtcdQuorumLog({ endpoints: inject("etcd"), platform });
  opened.push(log);
  return log;
};
const newArchive = () => openArchive(pool, `archive_${++schemas}`);

/** One validator: its own connection to the shared log, its own archive. */
class Desk {
  readonly log: ArchivedQuorumLog;

  constructor(platform: string, archive: Archive, more: Partial<ArchivedLogOptions> = {}) {
    this.log = new ArchivedQuorumLog({ log: onEtcd(platform), archive, ...more });
  }

  async archive(validator: string, keep: number): Promise<void> {
    await this.log.archive(await this.log.head("ledger"), { validator, validators: VALIDATORS, keep });
  }
}

async function desks(platform: string): Promise<readonly Desk[]> {
  return Promise.all(VALIDATORS.map(async () => new Desk(platform, await newArchive())));
}

/** An entry of proposals that say nothing but their op id: the log asks for no more. */
function entryAfter(head: Head, opIds: readonly string[]): Append {
  const proposes = opIds.map((opId) => {
    const payload = toBinary(
      BodySchema,
      create(BodySchema, { payload: toBinary(ProposeRequestSchema, create(ProposeRequestSchema, { opId })) }),
    );
    return toBinary(SignedSchema, create(SignedSchema, { payload }));
  });
  const { bytes, digest } = buildEntry("ledger", head, proposes);
  return {
    log: "ledger",
    expectedHead: head,
    entry: bytes,
    digest,
    votes: [digest],
    opIds,
    committedBy: "validator-1",
  };
}

/** @param sizes how many proposals each entry has */
async function fill({ log }: Desk, sizes: readonly number[], name = "op"): Promise<readonly Append[]> {
  const appended: Append[] = [];
  for (const [n, size] of sizes.entries()) {
    const opIds = Array.from({ length: size }, (_, i) => `${name} ${n} ${i}`);
    const append = entryAfter(await log.head("ledger"), opIds);
    expect(await log.append(append)).toEqual({ kind: "committed" });
    appended.push(append);
  }
  return appended;
}

const bytesOf = (records: readonly { readonly entry: Uint8Array }[]) =>
  records.map(({ entry }) => Buffer.from(entry).toString("hex"));

describe("the log with an archive behind it", () => {
  const equal = (actual: unknown, expected: unknown) => expect(actual).toEqual(expected);
  quorumLogConformance(async () => new Desk(randomUUID(), await newArchive()).log, { it, equal });

  it("reads as before when etcd has forgotten all but its end", async () => {
    const platform = randomUUID();
    const three = await desks(platform);
    const [one] = three as [Desk];
    const appended = await fill(one, [1, 3, OPS_MAX, 1, OPS_MAX, 2, 1]);
    const before = await one.log.read("ledger", 0n, 100);
    for (const [n, desk] of three.entries()) await desk.archive(VALIDATORS[n]!, 2);

    await expect(onEtcd(platform).read("ledger", 0n, 100)).rejects.toMatchObject({
      code: "LOG_PRUNED",
      message: expect.stringContaining("begins at 6; 1 is in archives alone"),
    });
    expect(await onEtcd(platform).read("ledger", 5n, 100)).toHaveLength(2);
    for (const { log } of three) {
      expect(await log.read("ledger", 0n, 100)).toEqual(before);
      expect(bytesOf(await log.read("ledger", 3n, 3))).toEqual(bytesOf(appended.slice(3, 6)));
      expect(await log.head("ledger")).toEqual({ seq: 7n, digest: appended[6]!.digest });
    }
    // Those of what etcd has forgotten are known to those who vote.
    expect(await one.log.find("op 2 7")).toBeUndefined();
    expect(await one.log.find("op 6 0")).toEqual({ log: "ledger", seq: 7n });
  });

  it("etcd forgets nothing that one of the three has not archived", async () => {
    const platform = randomUUID();
    const [one, two, three] = (await desks(platform)) as [Desk, Desk, Desk];
    await fill(one, [1, 1, 1, 1]);
    await one.archive("validator-1", 1);
    await two.archive("validator-2", 1);
    expect(await onEtcd(platform).read("ledger", 0n, 10)).toHaveLength(4);
    await three.archive("validator-3", 1);
    await expect(onEtcd(platform).read("ledger", 0n, 10)).rejects.toMatchObject({ code: "LOG_PRUNED" });
  });

  it("who reads while it is archived and forgotten sees every entry once", async () => {
    const platform = randomUUID();
    const three = await desks(platform);
    const [one] = three as [Desk];
    const appended: string[] = [];
    const writing = (async () => {
      for (let n = 0; n < 12; n++) {
        appended.push(...bytesOf(await fill(one, [1, 2, 1], `round ${n}`)));
        await Promise.all(three.map((desk, at) => desk.archive(VALIDATORS[at]!, 1)));
      }
    })();
    let isOver = false;
    writing.finally(() => {
      isOver = true;
    });
    let reads = 0;
    while (!isOver) {
      const before = appended.length;
      const read = bytesOf(await three[++reads % 3]!.log.read("ledger", 0n, 1_000));
      expect(read.length).toBeGreaterThanOrEqual(before);
      await Promise.resolve();
      expect(read.slice(0, before)).toEqual(appended.slice(0, before));
    }
    await writing;
    expect(reads).toBeGreaterThan(5);
    for (const { log } of three) expect(bytesOf(await log.read("ledger", 0n, 1_000))).toEqual(appended);
  });

  it("an archive that was lost is made again from another's, and without one the past is LOG_PRUNED", async () => {
    const platform = randomUUID();
    const three = await desks(platform);
    const [one] = three as [Desk];
    const appended = await fill(one, [1, 1, 1, 1, 1]);
    for (const [n, desk] of three.entries()) await desk.archive(VALIDATORS[n]!, 1);

    const alone = new Desk(platform, await newArchive());
    await expect(alone.log.read("ledger", 0n, 10)).rejects.toMatchObject({ code: "LOG_PRUNED" });
    const archive = await newArchive();
    const again = new Desk(platform, archive, { readElsewhere: (afterSeq) => one.log.read("ledger", afterSeq, 2) });
    expect(bytesOf(await again.log.read("ledger", 0n, 10))).toEqual(bytesOf(appended));
    await again.archive("validator-2", 1);
    expect(bytesOf(await archive.read(0n, 10))).toEqual(bytesOf(appended));
  });

  it("takes nothing into the archive that does not follow, or is not what was verified", async () => {
    const platform = randomUUID();
    const [one] = (await desks(platform)) as [Desk];
    const [first] = (await fill(one, [1])) as [Append];
    const options = { validator: "validator-1", validators: VALIDATORS };
    const other = { seq: 1n, digest: new Uint8Array(32) };
    await expect(one.log.archive(other, options)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    const archive = await newArchive();
    const { digest } = first;
    const next = entryAfter({ seq: 1n, digest }, ["next"]);
    const records = [first, next].map(({ expectedHead, ...facts }) => ({ ...facts, seq: expectedHead.seq + 1n }));
    await expect(archive.add(records.slice(1))).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    const forged = { ...records[1]!, entry: entryAfter(emptyHead, ["x"]).entry };
    await expect(archive.add([records[0]!, forged])).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    expect(await archive.head()).toEqual(emptyHead);
    await archive.add(records);
    expect(await archive.head()).toEqual({ seq: 2n, digest: next.digest });
  });
});
