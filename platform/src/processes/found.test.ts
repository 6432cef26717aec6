import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGenesis } from "@countersign/quorum";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cloneFile } from "../inputs.ts";
import { readSecrets, readSpec } from "./cluster.ts";
import { type ClusterChoice, foundCluster, processesOf } from "./found.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-found-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const engines = { postgres: "postgres://nobody@127.0.0.1:1/none" };
const choice: ClusterChoice = {
  mode: "paper",
  account: "main",
  currency: "USD",
  deposit: "100000.00",
  person: "person:you",
  traded: ["AAPL"],
  hedge: null,
  market: { traces: [{ path: "markets/none.csv" }], speed: 1 },
  strategies: [],
  limits: cloneFile("limits/default.json"),
  settings: {
    ceiling: { notional: "50000.00", persons: 1 },
    portfolio: { targetVolatility: 0.05, weightMax: 0.22, noTradeBand: 0.005 },
    hedge: { band: 0.01, bandInStress: 0.005, effectivenessMin: 0.05 },
    venueLatencyMs: 5,
  },
  kafka: ["127.0.0.1:9092"],
};
const personsOf = (genesis: string) => openGenesis(Buffer.from(genesis, "base64")).facts.resumePersons;

describe("a cluster that is founded", () => {
  it("on paper has an exchange, a key for it, and a person who opens it", async () => {
    const spec = await foundCluster(dir, choice, engines);
    expect(readSpec(dir)).toEqual(spec);
    expect(processesOf(spec)).toContain("paper-exchange");
    expect(spec.venue).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(Object.keys(readSecrets(dir)).toSorted()).toEqual(["dropCopyKeys", "postgres", "venueKey"]);
    expect([spec.openings.length, personsOf(spec.genesis)]).toEqual([1, 1]);
  });

  it("in shadow has none of these, and two persons", async () => {
    const shadow = { ...choice, mode: "shadow", cofounders: ["person:ann"] } as const;
    const spec = await foundCluster(dir, shadow, engines);
    expect(processesOf(spec)).not.toContain("paper-exchange");
    expect(spec.venue).toBeUndefined();
    expect(readSecrets(dir)).toEqual(engines);
    expect([spec.openings.length, personsOf(spec.genesis)]).toEqual([2, 2]);
  });

  it.each([[], ["person:you"]])("in shadow not with %j beside the founder", async (...cofounders) => {
    const shadow = { ...choice, mode: "shadow", cofounders } as const;
    const refused = { code: "BAD_OPTION", message: expect.stringContaining("opened by 2 persons") };
    await expect(foundCluster(dir, shadow, engines)).rejects.toMatchObject(refused);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("by another version is not taken for one of this", async () => {
    await foundCluster(dir, choice, engines);
    const file = join(dir, "cluster.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"format": 2', '"format": 1'));
    expect(() => readSpec(dir)).toThrow(`${file}: a cluster of format 1, and this version has 2`);
  });
});
