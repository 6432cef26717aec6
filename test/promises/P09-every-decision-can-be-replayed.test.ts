/**
 * P09 Every decision can be replayed. Each agent journals, in the transaction of the decision, what it saw and in which order; the journal
 * put before the agent again gives the same effects, byte for byte. Embedded, the scheduler itself is deterministic: same trace and seed,
 * same audit head, whatever the machine, its load, its date or the time its stores take.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import type { MarketEvent } from "@countersign/agent-market";
import { parseLimits } from "@countersign/agent-policy";
import { BodySchema, KeyPurpose, SignalSchema } from "@countersign/contracts";
import {
  buildReport,
  checkTrace,
  cloneFile,
  ReplayKeys,
  replayJournals,
  sealedFeed,
  writeRunFolder,
} from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { auditBodies, marketOptions, runDayInMemory } from "../support/day.ts";

const days = { from: "2015-07-15", to: "2015-09-30" };
let runsDir = "";
let bodies: readonly string[] = [];
let auditHead = "";
let ledgerHead = "";

beforeAll(async () => {
  runsDir = mkdtempSync(join(tmpdir(), "countersign-p09-"));
  await runDayInMemory(days, async (result) => {
    bodies = await auditBodies(result);
    const report = await buildReport(result, ["AAPL"]);
    ({ auditHead, ledgerHead } = report);
    const limits = readFileSync(cloneFile("limits/default.json"));
    await writeRunFolder(result, { runsDir, facts: facts(), report, limits });
  });
});
afterAll(() => rmSync(runsDir, { recursive: true, force: true }));

describe("the journal through the agents again", () => {
  it("P09.effects: gives the same effects, and one changed digest is found and named", async () => {
    const same = await replay();
    expect(same.differing).toEqual([]);
    expect(Object.values(same.decisions).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(300);

    const file = join(runsDir, "1", "journal.jsonl");
    const recorded = readFileSync(file, "utf8");
    const lines = recorded.split("\n");
    const at = lines.findIndex((line) => line.includes('"agent":"portfolio"') && line.includes('"kind":"answer"'));
    writeFileSync(file, lines.with(at, lines[at]!.replace(/"effects":"..../, '"effects":"0000')).join("\n"));
    const { differing } = await replay();
    writeFileSync(file, recorded);
    expect(differing.map(({ agent }) => agent)).toEqual(["portfolio"]);
  });

  it("P09.trace: refuses another trace than the run's by its digest", () => {
    expect(() => checkTrace("a.csv", "aa", "aa")).not.toThrow();
    expect(() => checkTrace("a.csv", "aa", "bb")).toThrow(expect.objectContaining({ code: "OTHER_TRACE" }));
    expect(() => checkTrace("a.csv", undefined, "bb")).toThrow(expect.objectContaining({ code: "OTHER_TRACE" }));
  });

  it("differs when an agent is another one: limits that permit less are noticed at Policy's first other verdict", async () => {
    const { differing } = await replay((limits) => limits.replace(/"threshold": "0\.35"/, '"threshold": "0.01"'));
    expect(differing.map(({ agent }) => agent)).toContain("policy");
  });
});

describe("the same trace and seed", () => {
  it("give the same heads when stores and log answer after random delays", async () => {
    const heads = await runDayInMemory({ ...days, delayMs: 3 }, headsOf);
    expect(heads).toEqual({ auditHead, ledgerHead });
  });

  it("give the same heads in another directory, on another date, beside a busy process", async () => {
    const busy = spawn(process.execPath, ["-e", "for (;;);"]);
    try {
      const script = cloneFile("test/support/heads.ts");
      const otherDate = `data:text/javascript,const n=Date.now;Date.now=()=>n()+1e11;`;
      const child = spawn(process.execPath, ["--import", otherDate, script, days.from, days.to], { cwd: tmpdir() });
      let out = "";
      child.stdout.on("data", (chunk) => {
        out += chunk;
      });
      await new Promise((resolve) => child.on("close", resolve));
      expect(JSON.parse(out)).toEqual({ auditHead, ledgerHead });
    } finally {
      busy.kill("SIGKILL");
    }
  }, 120_000);

  it("give another head with another seed: keys are in the genesis", async () => {
    const heads = await runDayInMemory({ ...days, seed: "2" }, headsOf);
    expect(heads.auditHead).not.toBe(auditHead);
  });
});

it("a price changed by one tick: the first record that differs is of the decision that used it", async () => {
  // Of the signals, whose decision names the last quote it saw; the bar behind it is not changed.
  const quotes = signalQuotes();
  expect(quotes.length).toBeGreaterThan(3);
  const { index, quote } = quotes[Math.floor(quotes.length / 2)]!;
  let seq = 0n;
  const alter = (event: MarketEvent): MarketEvent => {
    if (event.kind !== "quote" || event.symbol !== quote.symbol || ++seq !== quote.seq) return event;
    return { ...event, bid: event.bid - 1 };
  };
  const altered = await runDayInMemory({ ...days, alter }, auditBodies);
  const first = altered.findIndex((body, n) => body !== bodies[n]);
  expect(first).toBe(index);
});

async function headsOf(result: Parameters<Parameters<typeof runDayInMemory>[1]>[0]) {
  const report = await buildReport(result, ["AAPL"]);
  return { auditHead: report.auditHead, ledgerHead: report.ledgerHead };
}

async function replay(change: (limits: string) => string = (limits) => limits) {
  const dir = join(runsDir, "1");
  const config = await marketOptions(days);
  const limits = parseLimits(Buffer.from(change(readFileSync(join(dir, "limits.json"), "utf8"))), "limits.json");
  const signer = new ReplayKeys(config.seed).signer("market", KeyPurpose.ENVELOPE);
  const market = sealedFeed(config.events, { signer, instruments: config.instruments });
  return replayJournals({ dir, config: { ...config, limits }, market });
}

/** Each signal of the run: its place on the audit log, and the quote it names. */
function signalQuotes() {
  const found: { index: number; quote: { symbol: string; seq: bigint } }[] = [];
  for (const [index, line] of readFileSync(join(runsDir, "1", "audit.jsonl"), "utf8")
    .split("\n")
    .entries()) {
    if (!line.includes('"topic":"signals.market.v1"')) continue;
    const record: { envelope: { payload: string } } = JSON.parse(line);
    const { payload } = fromBinary(BodySchema, Buffer.from(record.envelope.payload, "base64"));
    const { quote } = fromBinary(SignalSchema, payload ?? new Uint8Array());
    if (quote?.symbol && quote.seq !== undefined)
      found.push({ index, quote: { symbol: quote.symbol, seq: quote.seq } });
  }
  return found;
}

function facts() {
  return {
    format: 1,
    mode: "replay",
    seed: "1",
    account: "main",
    deposit: "100000.00",
    currency: "USD",
    person: "person:you",
    from: days.from,
    to: days.to,
    traded: ["AAPL"],
    hedge: "SPX",
    market: { kind: "simulated" },
    strategies: [],
    limits: { name: "default", sha256: "" },
    settings: { ...defaults, hedge: defaults.hedging },
    node: process.version,
  } as const;
}
