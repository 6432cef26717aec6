/** Canary and soak beside a cluster that trades: they hear its orders through. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile, startCluster } from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { DAY_BEGINS, recordDay } from "../../test/crash/recorded-day.ts";
import { root, run } from "../run.ts";

const SEED = "1";

describe("beside a cluster that trades", () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-canary-"));
  const folder = join(dir, "cluster");
  let cluster: AsyncDisposable | undefined;
  beforeAll(async () => {
    cluster = await startCluster(folder, { choice: choice(dir), brokers: 1 });
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`the canary sees an order from its permit to the ledger (seed ${SEED})`, async () => {
    const { code, output } = await runScript("canary", "--dir", folder, "--within", "150");
    console.log(output.trim());
    expect([code, output]).toEqual([0, expect.stringMatching(/an order went from its permit to the ledger in \d+ ms/)]);
  }, 240_000);

  it("a soak sees every order arrive", async () => {
    const { code, output } = await runScript("soak", "--dir", folder, "--for", "45s", "--within", "20");
    console.log(output.trim());
    expect(output).toMatch(
      /^begun [1-9]\d*, arrived [1-9]\d*, p50 \d+ ms, p99 \d+ ms, ended \d+, open \d+, unauthentic 0$/m,
    );
    expect([code, output]).toEqual([0, expect.stringMatching(/^[1-9]\d* orders began, [1-9]\d* arrived, /m)]);
  }, 240_000);
});

function runScript(name: "canary" | "soak", ...args: readonly string[]) {
  return run("node", [join(root, "scripts", "cluster", `${name}.ts`), ...args], { timeoutMs: 240_000 });
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
