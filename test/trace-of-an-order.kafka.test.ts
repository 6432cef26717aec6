/**
 * One order is one trace, from the bar that led to it to the ledger, across the processes of a cluster on real engines: their span
 * files together have no gap. Prints the way that the order took.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cloneFile, startCluster } from "@countersign/platform";
import { readSpanFile, type SpanLine, traceGaps } from "@countersign/telemetry";
import { expect, it } from "vitest";
import { defaults } from "../cli/src/demo/defaults.ts";
import { DAY_BEGINS, recordDay } from "./crash/recorded-day.ts";

const SEED = "1";
const PATIENCE_MS = 150_000;
/** Of a span that is open, and of the buffers before the files. */
const FLUSH_MS = 2_000;

/** Each link of the way: the process, and what it did. */
const WAY = [
  ["market", "send market.bars.v1"],
  ["signal", "process market.bars.v1"],
  ["signal", "send signals.market.v1"],
  ["portfolio", "process signals.market.v1"],
  ["portfolio", "PolicyService/Validate"],
  ["policy", "PolicyService/Validate"],
  ["portfolio", "send orders.intent.v1"],
  ["execution", "process orders.intent.v1"],
  ["execution", "act send"],
  ["paper-exchange", "POST /v1/orders"],
  ["execution", "send orders.execution.v1"],
  ["execution", "QuorumService/Propose"],
  ["validator-", "QuorumService/Propose"],
  ["validator-", "QuorumService/Vote"],
  ["validator-", "send ledger.entries.v1"],
  ["policy", "process ledger.entries.v1"],
] as const;

it(`an order's trace goes from the market to the ledger without a gap (seed ${SEED})`, async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-trace-"));
  process.env.COUNTERSIGN_TRACES = "1";
  try {
    await using _cluster = await startCluster(join(dir, "cluster"), { choice: choice(dir), brokers: 1 });
    const traceId = await settledTrace(join(dir, "cluster", "traces"));
    const spans = spansOf(join(dir, "cluster", "traces")).filter(({ trace_id }) => trace_id === traceId);
    console.log(story(spans));
    expect(traceGaps(spans, traceId)).toEqual([]);
    const missing = WAY.filter(([service, name]) => !spans.some((span) => isLink(span, service, name)));
    expect(missing).toEqual([]);
    expect(new Set(spans.map(({ service }) => service)).size).toBeGreaterThanOrEqual(9);
  } finally {
    delete process.env.COUNTERSIGN_TRACES;
    rmSync(dir, { recursive: true, force: true });
  }
}, 240_000);

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

/** The first trace that has come to the ledger and back. */
async function settledTrace(dir: string): Promise<string> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const [service, name] = WAY.at(-1)!;
    const [venue, answer] = WAY[9];
    const spans = spansOf(dir);
    const sent = new Set(spans.filter((span) => isLink(span, venue, answer)).map(({ trace_id }) => trace_id));
    const booked = spans.find((span) => isLink(span, service, name) && sent.has(span.trace_id));
    if (booked !== undefined) {
      await wait(FLUSH_MS);
      return booked.trace_id;
    }
    if (performance.now() > until) throw new Error(`no order was booked in ${PATIENCE_MS / 1_000} s`);
    await wait(500);
  }
}

function spansOf(dir: string): SpanLine[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((file) => (file.endsWith(".jsonl") ? readSpanFile(join(dir, file)) : []));
}

function isLink(span: SpanLine, service: string, name: string): boolean {
  return span.service.startsWith(service) && span.name === name;
}

/** A tree, each span with when it began after the first, and how long it lasted. */
function story(spans: readonly SpanLine[]): string {
  const ids = new Set(spans.map(({ span_id }) => span_id));
  const inOrder = spans.toSorted((a, b) => Number(BigInt(a.start_ns) - BigInt(b.start_ns)));
  const from = BigInt(inOrder[0]?.start_ns ?? 0);
  const ms = (ns: bigint) => (Number(ns) / 1e6).toFixed(1).padStart(8);
  const lines: string[] = ["   at ms  took ms"];
  const tell = (parent: string | undefined, depth: number) => {
    for (const span of inOrder) {
      const above = span.parent_span_id !== undefined && ids.has(span.parent_span_id) ? span.parent_span_id : undefined;
      if (above !== parent) continue;
      const [start, end] = [BigInt(span.start_ns), BigInt(span.end_ns)];
      lines.push(`${ms(start - from)} ${ms(end - start)}  ${"  ".repeat(depth)}${span.service}: ${span.name}`);
      tell(span.span_id, depth + 1);
    }
  };
  tell(undefined, 0);
  return lines.join("\n");
}
