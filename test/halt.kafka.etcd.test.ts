/**
 * `countersign halt` and `resume` against processes that trade: with everything up, with all brokers down, with etcd down, from a clock that
 * is a minute off, and over the death of whoever has latched. Before that, what it does is exported and replayed under its hands.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { auditLines, verifyAudit } from "@countersign/audit";
import { Desk, exportCluster, HALT_SERVERS, replayExport } from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTrading, type Trading } from "./support/trading.ts";
import { ordersAtVenue } from "./support/venue-orders.ts";

const PATIENCE_MS = 120_000;
/** Longer than an order takes from its quote to the venue, many times. */
const QUIET_MS = 2_000;

const ownsEngines = ["ETCD", "KAFKA"].every((name) => process.env[`COUNTERSIGN_${name}`] === undefined);

describe.runIf(ownsEngines)("a cluster that trades", () => {
  let trading: Trading;

  beforeAll(async () => {
    trading = await startTrading("halt", 60);
    await trading.tradesOn();
  }, PATIENCE_MS);
  afterAll(() => trading?.[Symbol.asyncDispose](), PATIENCE_MS);

  const orders = () => ordersAtVenue(trading.folder);
  const staysQuiet = async () => {
    const before = orders();
    await wait(QUIET_MS);
    expect(orders()).toBe(before);
  };
  const resume = async () => {
    expect(await trading.countersign("resume", "-m", "it was a drill")).toMatchObject({
      code: 0,
      said: expect.stringContaining("trading is open"),
    });
    await trading.tradesOn();
  };

  it(
    "is exported while it trades: the log verifies, and every decision comes out the same",
    async () => {
      await trading.tradesOn();
      const exported = join(trading.dir, "export");
      await exportCluster(trading.folder, exported);
      const { findings, records } = verifyAudit(auditLines(readFileSync(join(exported, "audit.jsonl"))));
      expect({ findings, isEmpty: records === 0 }).toEqual({ findings: [], isEmpty: false });
      const { decisions, differing } = await replayExport(trading.folder, exported);
      expect(differing).toEqual([]);
      expect(
        Math.min(...["signal", "portfolio", "policy", "execution"].map((name) => decisions[name] ?? 0)),
      ).toBeGreaterThan(0);
    },
    PATIENCE_MS * 2,
  );

  it(
    "is halted by all five, and by the control log, and goes on when it is resumed",
    async () => {
      const { code, said } = await trading.countersign("halt", "1", "-m", "a drill");
      expect(said.match(/latched/g)).toHaveLength(HALT_SERVERS.length);
      expect(said).toContain("in the control log");
      expect(code).toBe(0);
      await staysQuiet();
      await resume();
    },
    PATIENCE_MS,
  );

  it(
    "is halted while all brokers are down",
    async () => {
      const nodes = trading.cluster.kafka.brokers.map((_, n) => trading.cluster.kafka.node(n));
      await Promise.all(nodes.map((node) => node.kill()));
      const { code, said } = await trading.countersign("halt", "2", "-m", "no bus");
      expect(said).toContain("in the control log");
      expect(code).toBe(0);
      await Promise.all(nodes.map((node) => node.start()));
      await staysQuiet();
      await resume();
    },
    PATIENCE_MS,
  );

  it(
    "is halted while etcd is down, and stays so when whoever latched it dies and etcd is back",
    async () => {
      const nodes = trading.cluster.etcd?.endpoints.map((_, n) => trading.cluster.etcd!.node(n)) ?? [];
      await Promise.all(nodes.map((node) => node.kill()));
      const { code, said } = await trading.countersign("halt", "1", "-m", "no quorum");
      expect(said).toMatch(/policy +latched/);
      expect(said).toMatch(/execution +latched/);
      expect(said).toContain("not in the control log yet");
      expect(code).toBe(0);
      for (const name of ["execution", "policy", "policy.2"]) trading.cluster.supervisor.kill(name, "SIGKILL");
      await Promise.all(nodes.map((node) => node.start()));
      await staysQuiet();
      // The validators go on proposing it until it is global.
      await using desk = new Desk(trading.folder);
      expect(await desk.readUntil(() => desk.fence.state().halts.length > 0, PATIENCE_MS / 2)).toBe(true);
      await staysQuiet();
      await resume();
    },
    PATIENCE_MS,
  );

  it(
    "is halted from a clock that is a minute fast, and from one that is a minute slow",
    async () => {
      const now = Date.now;
      const answersAt = async (offMs: number) => {
        vi.spyOn(Date, "now").mockImplementation(() => now() + offMs);
        try {
          await using desk = new Desk(trading.folder);
          return (await desk.person.halt(1, "all", `a clock is ${offMs} ms off`, HALT_SERVERS)).answers;
        } finally {
          vi.restoreAllMocks();
        }
      };
      const allLatched = HALT_SERVERS.map((server) => ({ server, latched: true, why: undefined }));
      for (const offMs of [60_000, -60_000]) {
        const answers = await answersAt(offMs);
        expect(answers.map(({ server, latched, why }) => ({ server, latched, why }))).toEqual(allLatched);
      }
      await staysQuiet();
      await resume();
    },
    PATIENCE_MS,
  );

  it("says that there is no such halt, and asks nobody", async () => {
    const { code, said } = await trading.countersign("resume", "ffff", "-m", "x");
    expect([code, said]).toEqual([2, "countersign: ffff: no such halt; nothing is halted\n"]);
  });
});
