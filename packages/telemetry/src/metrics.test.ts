import { afterEach, describe, expect, it } from "vitest";
import { type ParsedSample, parseOpenMetrics } from "../test/openmetrics.ts";
import { METRICS, STEP_BOUNDS_SECONDS, STEPS } from "./catalogue.ts";
import { SERIES_MAX } from "./families.ts";
import { Metrics } from "./metrics.ts";

const opened: Metrics[] = [];
function openMetrics(nowMs?: () => number): Metrics {
  const metrics = new Metrics({ agent: "policy", ...(nowMs && { nowMs }) });
  opened.push(metrics);
  return metrics;
}
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close();
});

const POLL = { interval: 100, timeout: 10_000 };
const page = async (metrics: Metrics) => parseOpenMetrics(await metrics.render("openmetrics"));
const valueIn = (samples: readonly ParsedSample[], name: string, labels: Record<string, string> = {}) =>
  samples.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    ?.value;

describe("the catalogue", () => {
  it("names its metrics as OpenMetrics wants them", () => {
    const names = Object.values(METRICS).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, help } of Object.values(METRICS)) {
      expect(name).toMatch(/^[a-z][a-z_]*[a-z]$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|count|sum|bucket|created|info)(_total)?$/);
      // A quote or a line's end would have to be escaped.
      expect(help).toMatch(/^[^"\n\\]+\.$/);
    }
  });

  it("has the latency targets among the bounds, and these in order", () => {
    expect([...STEP_BOUNDS_SECONDS].sort((a, b) => a - b)).toEqual(STEP_BOUNDS_SECONDS);
    for (const target of [0.015, 0.04, 0.12]) expect(STEP_BOUNDS_SECONDS).toContain(target);
  });
});

describe("Metrics", () => {
  it("adds up outages, so that their mean is a quotient", async () => {
    const metrics = openMetrics();
    metrics.recovered("signal", 9);
    metrics.recovered("signal", 3);
    const samples = await page(metrics);
    expect(valueIn(samples, "countersign_outages_total", { of: "signal" })).toBe(2);
    expect(valueIn(samples, "countersign_outage_seconds_total", { of: "signal" })).toBe(12);
  });

  it("prints a page that keeps the rules of OpenMetrics, each series with its agent", async () => {
    const metrics = openMetrics();
    for (const step of STEPS) metrics.step(step, 0.003, { traceId: "a".repeat(32), spanId: "b".repeat(16) });
    metrics.worked("process", "orders.intent.v1", 0.02);
    metrics.published("ledger.entries.v1");
    metrics.refused("PERMIT_SPENT", "gate");
    metrics.alerted("ASK_NOT_SHOWN");
    metrics.recovered("signal", 9);
    metrics.delivered("orders.intent.v1", 0, Date.now(), 3);
    metrics.watch({
      outboxAgeSeconds: () => 1.5,
      fenceAgeSeconds: () => 0.2,
      checkpointAgeSeconds: () => 4,
      inflightBytes: () => 12_345,
      cacheUp: () => false,
      markAgeSeconds: () => [["AAPL", 0.5]],
      dlqRecords: () => [["orders.intent.v1", 2]],
      breakers: () => [
        ["validator-1", "closed"],
        ["validator-2", "half-open"],
        ["validator-3", "open"],
      ],
      ready: () => true,
      halts: () => [
        ["all", 0],
        ["symbol", 2],
      ],
      clockOffsetSeconds: () => -0.1,
      keyExpirySeconds: () => 2e9,
      certificateExpirySeconds: () => [["tls/tls.crt", 1.9e9]],
      account: () => ({ unbookedSeconds: 0, workingOrders: 3, closed: ["CASH_DRIFT"], latches: 1 }),
      judge: () => ({ latches: 2, approvalsWaiting: 1, approvalLeftSeconds: 90, limitsUsed: { daily_loss: 0.5 } }),
      audit: () => ({
        records: 12,
        currency: "USD",
        money: { equity: 98_781.15, exposure: undefined },
        drawdown: -0.02,
        slippage: 0.0001,
        verdicts: { permit: 7 },
        breaches: { volatility: 1 },
        orders: { accepted: 7 },
        ordersRefused: { PERMIT_EXPIRED: 1 },
      }),
      uncosignedSeconds: () => 0,
      reconciliation: () => ({ looks: 60, ageSeconds: 0.4, findings: { drift: 3, ambiguous: 0 } }),
      canaryWords: () => ({ same: 9, differs: 1 }),
      logLevel: () => "debug",
      traceRatio: () => 0.25,
      flagsRefused: () => false,
      spans: () => ({ exported: 7, lost: 1 }),
    });
    let samples = await page(metrics);
    // The loop's delay is known once its timer has ticked.
    const withDelay = () => valueIn(samples, "nodejs_eventloop_delay_seconds") !== undefined;
    await expect
      .poll(async () => {
        samples = await page(metrics);
        return withDelay();
      }, POLL)
      .toBe(true);
    const families = new Set(samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, "")));
    expect([...families].sort()).toEqual(
      Object.values(METRICS)
        .map(({ name }) => name)
        .sort(),
    );
    expect(samples.every(({ labels }) => labels.agent === "policy")).toBe(true);
    expect(valueIn(samples, "countersign_breaker_state", { server: "validator-2" })).toBe(1);
    expect(valueIn(samples, "countersign_breaker_state", { server: "validator-3" })).toBe(2);
    expect(valueIn(samples, "countersign_reconciliations_total")).toBe(60);
    expect(valueIn(samples, "countersign_halts", { scope: "symbol" })).toBe(2);
    const money = samples.filter(({ name }) => name === "countersign_account_money");
    expect(money.map(({ labels, value }) => [labels.figure, labels.currency, value])).toEqual([
      ["equity", "USD", 98_781.15],
    ]);
    expect(valueIn(samples, "countersign_reconciliation_findings_total", { class: "drift" })).toBe(3);
    expect(valueIn(samples, "countersign_spans_total", { outcome: "lost" })).toBe(1);
    expect(valueIn(samples, "countersign_log_level", { level: "debug" })).toBe(1);
    expect(valueIn(samples, "countersign_trace_ratio")).toBe(0.25);
    expect(valueIn(samples, "countersign_flags_refused")).toBe(0);
    expect(valueIn(samples, "countersign_alerts_total", { code: "ASK_NOT_SHOWN" })).toBe(1);
    expect(valueIn(samples, "countersign_refusals_total", { code: "PERMIT_SPENT", place: "gate" })).toBe(1);
  });

  it("leads from a slow bucket to the trace of its last observation", async () => {
    const metrics = openMetrics();
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    metrics.step("commit", 0.2, { traceId: "f".repeat(32), spanId: "e".repeat(16) });
    metrics.step("commit", 0.25, trace);
    metrics.step("commit", 0.26);
    const bucket = (await page(metrics)).find(({ labels }) => labels.step === "commit" && labels.le === "0.3");
    expect(bucket?.value).toBe(3);
    expect(bucket?.exemplar).toEqual({ labels: { trace_id: trace.traceId, span_id: trace.spanId }, value: 0.25 });
  });

  it("counts in buckets as a plain count of the values does", async () => {
    const seed = Date.now() % 1e6;
    console.log(`seed ${seed}`);
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const values = Array.from({ length: 5_000 }, () => 10 ** (random() * 6 - 5));
    values.push(...STEP_BOUNDS_SECONDS);
    const metrics = openMetrics();
    for (const value of values) metrics.step("decide", value);
    metrics.step("decide", Number.NaN);
    metrics.step("decide", -1);
    const samples = await page(metrics);
    for (const bound of [...STEP_BOUNDS_SECONDS, Number.POSITIVE_INFINITY]) {
      const below = samples.find(
        ({ name, labels }) =>
          name === "countersign_step_seconds_bucket" && Number(labels.le?.replace("+Inf", "Infinity")) === bound,
      );
      expect(below?.value).toBe(values.filter((value) => value <= bound).length);
    }
    expect(valueIn(samples, "countersign_step_seconds_count", { step: "decide" })).toBe(values.length);
    expect(valueIn(samples, "countersign_step_seconds_sum", { step: "decide" })).toBeCloseTo(
      values.reduce((a, b) => a + b),
      9,
    );
  });

  it("counts whole pieces of work by what they were, and no more series than it has room for", async () => {
    const metrics = openMetrics();
    metrics.worked("serve", "PolicyService.Validate", 0.081);
    metrics.worked("call", "PolicyService.Validate", 0.01);
    for (let i = 0; i < 5_000; i++) metrics.worked("process", `topic.${i}.v1`, 0.01);
    const samples = await page(metrics);
    const validate = (operation: string, le: string) =>
      valueIn(samples, "countersign_work_seconds_bucket", { operation, name: "PolicyService.Validate", le });
    expect([validate("serve", "0.08"), validate("serve", "0.12"), validate("call", "0.015")]).toEqual([0, 1, 1]);
    const counts = samples.filter(({ name }) => name === "countersign_work_seconds_count");
    expect(counts.length).toBeLessThanOrEqual(SERIES_MAX + 1);
    expect(counts.reduce((sum, { value }) => sum + value, 0)).toBe(5_002);
  });

  it("keeps a counter's name in the text format, also after it was printed as OpenMetrics", async () => {
    const metrics = openMetrics();
    metrics.published("risk.policy.v1");
    metrics.step("seen", 0.001, { traceId: "a".repeat(32), spanId: "b".repeat(16) });
    for (let scrape = 0; scrape < 2; scrape++) {
      await page(metrics);
      const text = await metrics.render("text");
      expect(text).toContain(`# TYPE countersign_records_total counter\ncountersign_records_total{`);
      expect(text).not.toMatch(/trace_id|# EOF/);
    }
  });

  it("does not say zero of what nobody knows", async () => {
    const metrics = openMetrics();
    metrics.watch({
      fenceAgeSeconds: () => undefined,
      outboxAgeSeconds: () => {
        throw new Error("not open");
      },
    });
    const samples = await page(metrics);
    for (const { name } of [METRICS.fenceAge, METRICS.outboxAge, METRICS.checkpointAge, METRICS.lagSeconds])
      expect(valueIn(samples, name)).toBeUndefined();
    metrics.watch({ fenceAgeSeconds: () => 0 });
    expect(valueIn(await page(metrics), "countersign_fence_age_seconds")).toBe(0);
  });

  it("stays small whatever it is told", async () => {
    const metrics = openMetrics();
    for (let i = 0; i < 5_000; i++) {
      metrics.refused(`CODE_${i}`, "pipeline");
      metrics.published(`topic.${i}.v1`);
      metrics.delivered(`topic.${i}.v1`, 0, Date.now(), 0);
    }
    metrics.refused('free text, "quoted"\nand long', "gate");
    metrics.watch({ dlqRecords: () => Array.from({ length: 5_000 }, (_, i) => [`topic.${i}`, i] as const) });
    const samples = await page(metrics);
    for (const spec of [METRICS.refusals, METRICS.records, METRICS.deliveries, METRICS.dlq, METRICS.lagSeconds])
      expect(samples.filter(({ name }) => name === spec.name).length).toBeLessThanOrEqual(SERIES_MAX + 1);
    const refusals = samples.filter(({ name }) => name === METRICS.refusals.name);
    expect(refusals.reduce((sum, { value }) => sum + value, 0)).toBe(5_001);
    expect(samples.some(({ labels }) => Object.values(labels).some((text) => text.includes("free")))).toBe(false);
  });

  it("tells what the process costs", async () => {
    const metrics = openMetrics();
    const samples = await page(metrics);
    expect(valueIn(samples, "process_resident_memory_bytes")).toBeGreaterThan(10e6);
    const before = valueIn(samples, "process_cpu_seconds_total") ?? 0;
    const until = performance.now() + 60;
    while (performance.now() < until);
    const later = await page(metrics);
    expect(valueIn(later, "process_cpu_seconds_total")).toBeGreaterThan(before);
    await expect
      .poll(async () => valueIn(await page(metrics), "nodejs_eventloop_delay_seconds", { quantile: "max" }), POLL)
      .toBeGreaterThan(0);
  });

  it("refuses an agent that is none", () => {
    expect(() => new Metrics({ agent: "Policy 1" })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});

describe("lag", () => {
  const lag = async (metrics: Metrics) => {
    const samples = await page(metrics);
    return [METRICS.lagSeconds, METRICS.lagRecords].map(({ name }) => valueIn(samples, name));
  };

  it("grows while a record is in hand, also when its handler hangs", async () => {
    let now = 1_000_000;
    const metrics = openMetrics(() => now);
    metrics.delivered("orders.intent.v1", 0, now - 50, 0);
    now += 10_000;
    expect(await lag(metrics)).toEqual([10.05, 1]);
  });

  it("is nothing when nothing waits: an idle topic is not late, however old its last record was", async () => {
    let now = 1_000_000;
    const metrics = openMetrics(() => now);
    metrics.delivered("orders.intent.v1", 0, now - 50, 0);
    now += 20;
    expect(await lag(metrics)).toEqual([0.07, 1]);
    metrics.handled("orders.intent.v1", 0);
    now += 3_600_000;
    expect(await lag(metrics)).toEqual([0, 0]);
  });

  it("is that of the slowest partition, and the records are those of all", async () => {
    const now = 1_000_000;
    const metrics = openMetrics(() => now);
    for (const [partition, lateMs, behind] of [
      [0, 100, 1],
      [1, 9_000, 5],
      [2, 10, 0],
    ] as const) {
      metrics.delivered("market.quotes.v1", partition, now - lateMs, behind);
      metrics.handled("market.quotes.v1", partition);
    }
    expect(await lag(metrics)).toEqual([9, 6]);
    metrics.revoked("market.quotes.v1");
    expect(await lag(metrics)).toEqual([undefined, undefined]);
  });
});
