/** A shadow cluster trades a day: no venue, no key of one, and Execution, killed in the middle, holds afterwards what it held. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { readSpec } from "@countersign/platform";
import { expect, it } from "vitest";
import { readSecrets } from "../platform/src/processes/cluster.ts";
import { check } from "./crash/checks.ts";
import { tradeThrough } from "./crash/trial.ts";
import { ordersAtVenue } from "./support/venue-orders.ts";

const SEED = "1";
const PATIENCE_MS = 240_000;

const ownsEngines = ["ETCD", "KAFKA"].every((name) => process.env[`COUNTERSIGN_${name}`] === undefined);

it.runIf(ownsEngines)(
  `books each trade once and ends each order, over the death of Execution (seed ${SEED})`,
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-shadow-"));
    try {
      const options = { dir, seed: SEED, speed: 60, hedge: "EURUSD", mode: "shadow", say: () => {} } as const;
      const { evidence } = await tradeThrough({ ...options, brokers: 1 }, async ({ supervisor }, folder) => {
        const orders = async (count: number) => {
          for (const until = performance.now() + PATIENCE_MS; ordersAtVenue(folder) < count; await wait(500))
            if (performance.now() > until) throw new Error(`not ${count} orders within ${PATIENCE_MS / 1_000} s`);
        };
        expect(supervisor.states().map(({ name }) => name)).not.toContain("paper-exchange");
        expect(readSpec(folder).venue).toBeUndefined();
        expect(Object.keys(readSecrets(folder))).not.toContain("venueKey");
        await orders(3);
        supervisor.kill("execution", "SIGKILL");
        await orders(ordersAtVenue(folder) + 3);
        expect(existsSync(join(folder, "logs", "paper-exchange.log"))).toBe(false);
      });
      expect(check(evidence)).toEqual([]);
      expect(evidence.booked.length).toBeGreaterThan(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  600_000,
);
