/**
 * The disaster of ops/runbooks/procedures/etcd-restore.md, in a firm that trades: etcd comes back as it was at its last snapshot, and once as
 * if it had never been. A halt and fills are in what it has forgotten. The validators put back what two of three have certified.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { auditLines, verifyAudit } from "@countersign/audit";
import { exportCluster, kafkaOf, readSpec } from "@countersign/platform";
import { EtcdQuorumLog, type LogName, logNames } from "@countersign/quorum";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readControlLog } from "../platform/src/processes/control-log.ts";
import { metricsPages } from "./bench/steps.ts";
import { restoreSnapshot, saveSnapshot } from "./support/etcd-snapshot.ts";
import { startTrading, type Trading } from "./support/trading.ts";
import { ordersAtVenue } from "./support/venue-orders.ts";

const PATIENCE_MS = 120_000;

const ownsEngines = ["ETCD", "KAFKA"].every((name) => process.env[`COUNTERSIGN_${name}`] === undefined);

describe.runIf(ownsEngines)("a cluster that trades", () => {
  let trading: Trading;

  beforeAll(async () => {
    // One member of etcd, whose disk is all there is.
    trading = await startTrading("forgot", 20);
  }, PATIENCE_MS);
  afterAll(() => trading?.[Symbol.asyncDispose](), PATIENCE_MS);

  it("goes on as it was, halted, when etcd comes back from a snapshot", async () => {
    await trading.tradesOn();
    const snapshot = join(trading.dir, "snapshot.db");
    await saveSnapshot(trading.cluster.etcd!.endpoints[0]!, snapshot);
    const then = await digests();
    await booked(then.ledger.length + 2);
    await halted("control");

    const before = await digests();
    expect(before.control.length).toBeGreaterThan(then.control.length);
    const [, port] = JSON.parse(readFileSync(join(trading.folder, "etcd", "ports.json"), "utf8")) as readonly number[];
    const peer = `http://127.0.0.1:${port}`;
    const member = { name: "node-1", peer, cluster: [`node-1=${peer}`] };
    await withoutEtcd((dataDir) => restoreSnapshot(snapshot, { ...member, dataDir }));
    await goesOn(before);
  }, 240_000);

  it("goes on as it was, halted, when nothing is left of etcd", async () => {
    await halted("all");
    const before = await digests();
    await withoutEtcd(async () => {});
    await goesOn(before);
    const exported = join(trading.dir, "export");
    await exportCluster(trading.folder, exported);
    expect(verifyAudit(auditLines(readFileSync(join(exported, "audit.jsonl")))).findings).toEqual([]);
  }, 240_000);

  /** Halted in the control log, and announced; nothing is under way any more. */
  async function halted(reason: string): Promise<void> {
    expect(await trading.countersign("halt", "1", "-m", reason)).toMatchObject({ code: 0 });
    const announced = async () =>
      (await readControlLog(kafkaOf(trading.folder, readSpec(trading.folder)), readSpec(trading.folder))).state();
    await expect.poll(async () => (await announced()).halts.length, { timeout: 10_000 }).toBe(1);
    for (let last = -1; last !== (await digests()).ledger.length; await wait(2_000))
      last = (await digests()).ledger.length;
  }

  /** The disk is emptied, `meanwhile` etcd is away; the validators run on, and find out. */
  async function withoutEtcd(meanwhile: (data: string) => Promise<void>): Promise<void> {
    const node = trading.cluster.etcd!.node(0);
    const data = join(trading.folder, "etcd", "node-1", "data");
    await node.kill();
    rmSync(data, { recursive: true });
    await meanwhile(data);
    await node.start();
  }

  /** Everything is there again, byte for byte, the halt in force; and after a resume it trades. */
  async function goesOn(before: Record<LogName, readonly string[]>): Promise<void> {
    await expect.poll(async () => digests(), { timeout: PATIENCE_MS / 2, interval: 500 }).toEqual(before);
    // Somebody is told: LogPutBack pages for it.
    const pages = [...(await metricsPages(trading.folder)).values()];
    expect(pages.some((page) => page.includes('code="LOG_PUT_BACK"'))).toBe(true);
    const orders = ordersAtVenue(trading.folder);
    await wait(2_000);
    expect(ordersAtVenue(trading.folder)).toBe(orders);
    await expect
      .poll(async () => trading.countersign("resume", "-m", "it was a drill"), { timeout: PATIENCE_MS / 2 })
      .toMatchObject({ code: 0, said: expect.stringContaining("trading is open") });
    await trading.tradesOn();
    await booked(before.ledger.length + 1);
    const after = await digests();
    for (const log of logNames) expect(after[log].slice(0, before[log].length)).toEqual(before[log]);
  }

  async function booked(entries: number): Promise<void> {
    await expect
      .poll(async () => (await digests()).ledger.length, { timeout: PATIENCE_MS })
      .toBeGreaterThanOrEqual(entries);
  }

  /** Of every entry that etcd has. */
  async function digests(): Promise<Record<LogName, readonly string[]>> {
    const log = new EtcdQuorumLog({
      endpoints: trading.cluster.etcd!.endpoints,
      platform: readSpec(trading.folder).platform,
    });
    try {
      const of = async (name: LogName) =>
        (await log.read(name, 0n, 100_000)).map(({ digest }) => Buffer.from(digest).toString("hex"));
      return { control: await of("control"), ledger: await of("ledger") };
    } finally {
      log.close();
    }
  }
});
