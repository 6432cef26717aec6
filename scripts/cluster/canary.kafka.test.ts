/** The canary beside a cluster that trades: it hears an order through. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile, startCluster } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { DAY_BEGINS, recordDay } from "../../test/crash/recorded-day.ts";
import { root, run } from "../run.ts";

const SEED = "1";

describe("the canary", () => {
  it(`sees an order from its permit to the ledger (seed ${SEED})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-canary-"));
    const folder = join(dir, "cluster");
    try {
      await using _cluster = await startCluster(folder, { choice: choice(dir), brokers: 1 });
      const { code, output } = await canary("--dir", folder, "--within", "150");
      console.log(output.trim());
      expect([code, output]).toEqual([
        0,
        expect.stringMatching(/an order went from its permit to the ledger in \d+ ms/),
      ]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }, 300_000);

  it("is told how long in seconds, or says what it wants", async () => {
    expect((await canary("--within", "soon")).code).toBe(2);
  });
});

function canary(...args: readonly string[]) {
  return run("node", [join(root, "scripts", "cluster", "canary.ts"), ...args], { timeoutMs: 240_000 });
}

function choice(dir: string) {
  return {
    mode: defaults.mode,
    account: defaults.account,
    person: defaults.person,
    currency: defaults.currency,
    deposit: defaults.deposit,
    traded: ["XAUUSD"],
    hedge: "EURUSD",
    market: { traces: recordDay(dir, SEED), from: DAY_BEGINS, speed: 120 },
    strategies: [cloneFile("test/fixtures/strategies/busy.ts")],
    limits: cloneFile(defaults.limitsWithinADay),
    settings: {
      ceiling: defaults.ceiling,
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: defaults.venueLatencyMs,
    },
  };
}
