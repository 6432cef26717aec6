/**
 * The metrics of one process. Nothing here throws into the pipeline, waits or touches the network: the hot path adds to a number, and
 * what belongs to somebody else (outbox, fence, breakers) is read from memory at the scrape.
 */
import { type Metric, type OpenMetricsContentType, Registry } from "prom-client";
import {
  type HALT_SCOPES,
  METRICS,
  type MetricSpec,
  STEP_BOUNDS_SECONDS,
  STEPS,
  type Step,
  WORK_BOUNDS_SECONDS,
} from "./catalogue.ts";
import { TelemetryError } from "./error.ts";
import { Counter, type Family, Gauge, Histogram, type Trace } from "./families.ts";
import { Lag } from "./lag.ts";
import { processFamilies } from "./process-metrics.ts";

export type BreakerState = "closed" | "half-open" | "open";

/** Numbers that live elsewhere. Each is read from memory: no query at a scrape. `undefined` is unknown, and then not on the page. */
export interface Sources {
  outboxAgeSeconds?(): number | undefined;
  fenceAgeSeconds?(): number | undefined;
  checkpointAgeSeconds?(): number | undefined;
  ready?(): boolean;
  /** In force, by what they cover: all of the list, 0 where there is none. */
  halts?(): Iterable<readonly [scope: (typeof HALT_SCOPES)[number], halts: number]>;
  clockOffsetSeconds?(): number | undefined;
  keyExpirySeconds?(): number | undefined;
  certificateExpirySeconds?(): Iterable<readonly [file: string, seconds: number]>;
  inflightBytes?(): number | undefined;
  cacheUp?(): boolean | undefined;
  /** By symbol. */
  markAgeSeconds?(): Iterable<readonly [symbol: string, seconds: number]>;
  dlqRecords?(): Iterable<readonly [topic: string, records: number]>;
  breakers?(): Iterable<readonly [server: string, state: BreakerState]>;
  /** Of the agent that holds the venue. */
  reconciliation?(): ReconciliationCounts;
  /** Of the agent that has the account's orders. */
  account?(): AccountFigures | undefined;
  /** Of the agent that judges orders. */
  judge?(): JudgeFigures | undefined;
  /** Of the agent that keeps the audit log. */
  audit?(): AuditFigures | undefined;
  /** Since a cosigned checkpoint covered the whole audit log. */
  uncosignedSeconds?(): number | undefined;
  /** Of a tracer. */
  spans?(): { readonly exported: number; readonly lost: number };
  /** How much is told now. */
  logLevel?(): string;
  traceRatio?(): number;
  flagsRefused?(): boolean;
  /** Of a canary, by verdict. */
  canaryWords?(): Readonly<Record<string, number>>;
}

interface ReconciliationCounts {
  readonly looks: number;
  readonly ageSeconds: number | undefined;
  /** By class. */
  readonly findings: Readonly<Record<string, number>>;
}

export interface AccountFigures {
  readonly unbookedSeconds: number;
  readonly workingOrders: number;
  readonly closed: readonly string[];
  readonly latches: number;
}

export interface JudgeFigures {
  readonly latches: number;
  readonly approvalsWaiting: number;
  /** Undefined where nothing waits. */
  readonly approvalLeftSeconds: number | undefined;
  /** By metric of the limits. */
  readonly limitsUsed: Readonly<Record<string, number>>;
}

export interface AuditFigures {
  readonly records: number;
  readonly currency: string | undefined;
  /** By figure; undefined where the book is not known. */
  readonly money: Readonly<Record<string, number | undefined>>;
  readonly drawdown: number | undefined;
  readonly slippage: number | undefined;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly breaches: Readonly<Record<string, number>>;
  readonly orders: Readonly<Record<string, number>>;
  readonly ordersRefused: Readonly<Record<string, number>>;
}

export type MetricsFormat = "openmetrics" | "text";

export class Metrics {
  readonly #step = new Histogram(METRICS.step, STEP_BOUNDS_SECONDS, STEPS);
  readonly #work = new Histogram(METRICS.work, WORK_BOUNDS_SECONDS);
  readonly #deliveries = new Counter(METRICS.deliveries);
  readonly #records = new Counter(METRICS.records);
  readonly #refusals = new Counter(METRICS.refusals);
  readonly #alerts = new Counter(METRICS.alerts);
  readonly #outages = new Counter(METRICS.outages);
  readonly #outageSeconds = new Counter(METRICS.outageSeconds);
  readonly #lag: Lag;
  readonly #registries: Registries;
  readonly #process = processFamilies();
  #sources: Sources = {};

  /**
   * @param options.agent the label every series carries; `nowMs` is the wall clock, for the lag
   * @throws TelemetryError BAD_OPTION
   */
  constructor({ agent, nowMs = Date.now }: { readonly agent: string; readonly nowMs?: () => number }) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(agent))
      throw new TelemetryError("BAD_OPTION", `metrics: agent ${JSON.stringify(agent)} is no agent's name`);
    this.#lag = new Lag(nowMs);
    const families = [
      this.#step,
      this.#work,
      this.#deliveries,
      this.#records,
      this.#refusals,
      this.#alerts,
      this.#outages,
      this.#outageSeconds,
      ...this.#gauges(),
    ];
    this.#registries = registriesOf([...families, ...this.#process.families], agent);
  }

  /** A message spent `seconds` in a step; with a trace, the bucket's exemplar leads to it. */
  step(step: Step, seconds: number, trace?: Trace): void {
    this.#step.observe(step, seconds, trace);
  }

  /** A whole piece of work: see MEASURED_WORK. `name` is a topic, a call, or the kind of an input. */
  worked(operation: string, name: string, seconds: number, trace?: Trace): void {
    this.#work.observe(operation, seconds, trace, name);
  }

  /**
   * A record of a topic is with the agent now; `handled` says that it is done with.
   * @param brokerTimeMs the broker's timestamp of it
   * @param behind records of the partition that the broker has after this one
   * @param count of a batch in hand, whose oldest record is meant
   */
  delivered(topic: string, partition: number, brokerTimeMs: number, behind: number, count = 1): void {
    this.#deliveries.inc(topic, "", count);
    this.#lag.delivered(topic, partition, brokerTimeMs, behind);
  }

  handled(topic: string, partition: number): void {
    this.#lag.handled(topic, partition);
  }

  /** The partitions of a topic went to another member of the group: their lag is not ours to tell. */
  revoked(topic: string): void {
    this.#lag.forget(topic);
  }

  published(topic: string): void {
    this.#records.inc(topic);
  }

  /** Codes and places as in our code; what is no such name is counted as OTHER. */
  refused(code: string, place: string): void {
    this.#refusals.inc(code, place);
  }

  /** Something that a person should know of. */
  alerted(code: string): void {
    this.#alerts.inc(code);
  }

  /** An agent is heard again after so long. */
  recovered(agent: string, seconds: number): void {
    this.#outages.inc(agent);
    this.#outageSeconds.inc(agent, "", seconds);
  }

  /** How old the oldest record is that this process was given and has not handled, over all topics, s. */
  lagSeconds(): number {
    return Math.max(0, ...this.#lag.seconds().map(([, seconds]) => seconds));
  }

  /** What is read at each scrape from now on, beside what was named before. */
  watch(sources: Sources): void {
    this.#sources = { ...this.#sources, ...sources };
  }

  /** The page, as OpenMetrics 1.0 (with exemplars) or as Prometheus text 0.0.4 (which has none). */
  render(format: MetricsFormat): Promise<string> {
    return this.#registries[format].metrics();
  }

  close(): void {
    this.#process.close();
  }

  #gauges(): readonly Family[] {
    const gauge = (spec: (typeof METRICS)[keyof typeof METRICS], read: Gauge["read"]) =>
      Object.assign(new Gauge(spec), { read });
    const counted = (
      spec: MetricSpec,
      read: () => Iterable<readonly [labels: Record<string, string>, count: number]>,
    ) => ({
      spec,
      samples: () => [...read()].map(([labels, value]) => ({ labels, value })),
    });
    const reconciliation = () => this.#sources.reconciliation?.();
    const account = () => this.#sources.account?.();
    const judge = () => this.#sources.judge?.();
    const audit = () => this.#sources.audit?.();
    const entries = <T>(of: Readonly<Record<string, T>> | undefined) => Object.entries(of ?? {});
    const countedBy = (spec: MetricSpec, label: string, read: () => Readonly<Record<string, number>> | undefined) =>
      counted(spec, () => entries(read()).map(([name, count]) => [{ [label]: name }, count] as const));
    return [
      gauge(METRICS.lagSeconds, () => this.#lag.seconds()),
      gauge(METRICS.lagRecords, () => this.#lag.records()),
      gauge(METRICS.outboxAge, () => [["", this.#sources.outboxAgeSeconds?.()]]),
      gauge(METRICS.fenceAge, () => [["", this.#sources.fenceAgeSeconds?.()]]),
      gauge(METRICS.checkpointAge, () => [["", this.#sources.checkpointAgeSeconds?.()]]),
      gauge(METRICS.ready, () => [["", asNumber(this.#sources.ready?.())]]),
      gauge(METRICS.halts, () => this.#sources.halts?.() ?? []),
      gauge(METRICS.clockOffset, () => [["", this.#sources.clockOffsetSeconds?.()]]),
      gauge(METRICS.keyExpiry, () => [["", this.#sources.keyExpirySeconds?.()]]),
      gauge(METRICS.certificateExpiry, () => this.#sources.certificateExpirySeconds?.() ?? []),
      gauge(METRICS.latches, () => [["", account()?.latches ?? judge()?.latches]]),
      gauge(METRICS.unbookedAge, () => [["", account()?.unbookedSeconds]]),
      gauge(METRICS.workingOrders, () => [["", account()?.workingOrders]]),
      gauge(METRICS.accountClosed, () => (account()?.closed ?? []).map((code) => [code, 1] as const)),
      gauge(METRICS.approvalsWaiting, () => [["", judge()?.approvalsWaiting]]),
      gauge(METRICS.approvalLeft, () => [["", judge()?.approvalLeftSeconds]]),
      gauge(METRICS.limitUsed, () => entries(judge()?.limitsUsed)),
      counted(METRICS.money, () => {
        const { currency, money } = audit() ?? {};
        if (currency === undefined) return [];
        return entries(money).flatMap(([figure, amount]) =>
          amount === undefined ? [] : [[{ figure, currency }, amount] as const],
        );
      }),
      gauge(METRICS.drawdown, () => [["", audit()?.drawdown]]),
      gauge(METRICS.slippage, () => [["", audit()?.slippage]]),
      gauge(METRICS.auditRecords, () => [["", audit()?.records]]),
      gauge(METRICS.uncosignedAge, () => [["", this.#sources.uncosignedSeconds?.()]]),
      countedBy(METRICS.verdicts, "verdict", () => audit()?.verdicts),
      countedBy(METRICS.breaches, "rule", () => audit()?.breaches),
      countedBy(METRICS.orders, "outcome", () => audit()?.orders),
      countedBy(METRICS.ordersRefused, "code", () => audit()?.ordersRefused),
      gauge(METRICS.inflightBytes, () => [["", this.#sources.inflightBytes?.()]]),
      gauge(METRICS.cacheUp, () => [["", asNumber(this.#sources.cacheUp?.())]]),
      gauge(METRICS.markAge, () => this.#sources.markAgeSeconds?.() ?? []),
      gauge(METRICS.dlq, () => this.#sources.dlqRecords?.() ?? []),
      gauge(METRICS.breaker, () =>
        [...(this.#sources.breakers?.() ?? [])].map(([server, state]) => [server, BREAKER[state]] as const),
      ),
      gauge(METRICS.reconciliationAge, () => [["", reconciliation()?.ageSeconds]]),
      counted(METRICS.reconciliations, () => {
        const looks = reconciliation()?.looks;
        return looks === undefined ? [] : [[{}, looks]];
      }),
      countedBy(METRICS.findings, "class", () => reconciliation()?.findings),
      gauge(METRICS.logLevel, () =>
        [this.#sources.logLevel?.()].flatMap((level) => (level ? [[level, 1] as const] : [])),
      ),
      gauge(METRICS.traceRatio, () => [["", this.#sources.traceRatio?.()]]),
      gauge(METRICS.flagsRefused, () => [["", asNumber(this.#sources.flagsRefused?.())]]),
      counted(METRICS.canaryWords, () =>
        Object.entries(this.#sources.canaryWords?.() ?? {}).map(([verdict, count]) => [{ verdict }, count]),
      ),
      counted(METRICS.spans, () => {
        const counts = this.#sources.spans?.();
        if (counts === undefined) return [];
        return (["exported", "lost"] as const).map((outcome) => [{ outcome }, counts[outcome]]);
      }),
    ];
  }
}

/**
 * Two registries over the same families. prom-client renames a counter for ever when it first prints it as OpenMetrics, so one registry
 * cannot serve both formats: its text page would lose every `_total`.
 */
function registriesOf(families: readonly Family[], agent: string): Registries {
  const registries: Registries = { openmetrics: new Registry<OpenMetricsContentType>(), text: new Registry() };
  registries.openmetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const family of families) {
    const { name, help, type } = family.spec;
    // In OpenMetrics the family's name is without `_total`, its samples' names are with it, and prom-client adds it.
    const names = { openmetrics: name.replace(/_total$/, ""), text: name };
    for (const format of ["openmetrics", "text"] as const) {
      const own = { name: names[format], help, type };
      // All that a registry asks of a metric; its type says more than it needs.
      const metric = { ...own, get: async () => ({ ...own, values: family.samples() }) };
      registries[format].registerMetric(metric as unknown as Metric);
    }
  }
  for (const registry of Object.values(registries)) registry.setDefaultLabels({ agent });
  return registries;
}

function asNumber(answer: boolean | undefined): number | undefined {
  return answer === undefined ? undefined : Number(answer);
}

interface Registries {
  readonly openmetrics: Registry<OpenMetricsContentType>;
  readonly text: Registry;
}

const BREAKER: Readonly<Record<BreakerState, number>> = { closed: 0, "half-open": 1, open: 2 };
