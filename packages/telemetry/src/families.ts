/**
 * Families of series whose hot path is an addition; prom-client renders them at a scrape. Its own histogram hashes the labels of each
 * observation (250 ns, 575 ns with an exemplar); a message has ten.
 */
import type { MetricSpec } from "./catalogue.ts";

/** Where a value came from: the labels of an exemplar. A span context is one. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
}

/** As prom-client wants it. */
export interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar?: { labelSet: Readonly<Record<string, string>>; value: number; timestamp: number } | undefined;
}

export interface Family {
  readonly spec: MetricSpec;
  samples(): readonly Sample[];
}

/** Series of one family. What is over goes to the series OTHER, and the page stays small whatever a peer sends. */
export const SERIES_MAX = 256;

/** Counts by up to two labels. */
export class Counter implements Family {
  readonly spec: MetricSpec;
  readonly #series = new Map<string, { readonly values: readonly string[]; value: number }>();

  constructor(spec: MetricSpec) {
    this.spec = spec;
  }

  inc(first = "", second = "", by = 1): void {
    const series = this.#series.get(second === "" ? first : `${first}\n${second}`);
    if (series !== undefined) series.value += by;
    else this.#open(first, second).value += by;
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()].map(({ values, value }) => ({ labels: labelled(this.spec, values), value }));
  }

  #open(first: string, second: string) {
    const isFull = this.#series.size >= SERIES_MAX;
    const values = [first, second].slice(0, this.spec.labels.length).map((text) => (isFull ? OTHER : bounded(text)));
    const key = values.filter((value) => value !== "").join("\n");
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { values, value: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Read at the scrape; what is not known is not there, and never zero. */
export class Gauge implements Family {
  readonly spec: MetricSpec;
  read: () => Iterable<readonly [string, number | undefined]> = () => [];

  constructor(spec: MetricSpec) {
    this.spec = spec;
  }

  samples(): readonly Sample[] {
    const samples = new Map<string, Sample>();
    try {
      for (const [text, value] of this.read()) {
        if (value === undefined || samples.size > SERIES_MAX) continue;
        const label = this.spec.labels.length === 0 ? "" : samples.size === SERIES_MAX ? OTHER : bounded(text);
        samples.set(label, { labels: labelled(this.spec, [label]), value });
      }
    } catch {
      // Whoever keeps the number could not give it: unknown, like any other.
      return [];
    }
    return [...samples.values()];
  }
}

/** Observations by up to two labels. */
export class Histogram implements Family {
  readonly spec: MetricSpec;
  readonly #bounds: readonly number[];
  /** Undefined: whatever comes opens a series, up to SERIES_MAX. */
  readonly #names: readonly string[] | undefined;
  readonly #series = new Map<string, Map<string, Observed>>();
  #count = 0;

  /** @param names all values of its one label, where they are known before: any other is left out */
  constructor(spec: MetricSpec, bounds: readonly number[], names?: readonly string[]) {
    this.spec = spec;
    this.#bounds = bounds;
    this.#names = names;
    for (const name of names ?? []) this.#open(name, "");
  }

  /** What is no duration is left out. The last observation of each bucket that has a trace is its exemplar. */
  observe(first: string, value: number, trace?: Trace, second = ""): void {
    const series =
      this.#series.get(first)?.get(second) ?? (this.#names === undefined ? this.#open(first, second) : undefined);
    if (series === undefined || !(value >= 0)) return;
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket++;
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
    if (trace !== undefined) series.exemplars[bucket] = { trace, value, timeMs: Date.now() };
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()]
      .flatMap((seconds) => [...seconds.values()])
      .flatMap((one) => this.#samplesOf(one));
  }

  #open(first: string, second: string): Observed {
    const isFull = this.#count >= SERIES_MAX;
    const [one, two] = isFull ? [OTHER, OTHER] : [bounded(first), second === "" ? "" : bounded(second)];
    const seconds = this.#series.get(one) ?? new Map<string, Observed>();
    this.#series.set(one, seconds);
    const known = seconds.get(two);
    if (known !== undefined) return known;
    const width = this.#bounds.length + 1;
    const exemplars = new Array<Exemplar | undefined>(width).fill(undefined);
    const series: Observed = { values: [one, two], counts: new Float64Array(width), sum: 0, exemplars };
    seconds.set(two, series);
    this.#count++;
    return series;
  }

  #samplesOf({ values, counts, sum, exemplars }: Observed): readonly Sample[] {
    const own = labelled(this.spec, values);
    let count = 0;
    const buckets = Array.from(counts, (observations, bucket): Sample => {
      count += observations;
      const le = bucket === this.#bounds.length ? "+Inf" : float(this.#bounds[bucket] as number);
      const metricName = `${this.spec.name}_bucket`;
      return { metricName, labels: { ...own, le }, value: count, exemplar: exemplarOf(exemplars[bucket]) };
    });
    if (count === 0) return [];
    return [
      ...buckets,
      { metricName: `${this.spec.name}_sum`, labels: own, value: sum },
      { metricName: `${this.spec.name}_count`, labels: own, value: count },
    ];
  }
}

interface Observed {
  readonly values: readonly string[];
  readonly counts: Float64Array;
  sum: number;
  readonly exemplars: (Exemplar | undefined)[];
}

interface Exemplar {
  readonly trace: Trace;
  readonly value: number;
  readonly timeMs: number;
}

function exemplarOf(exemplar: Exemplar | undefined): Sample["exemplar"] {
  if (exemplar === undefined) return undefined;
  const { trace, value, timeMs } = exemplar;
  return { labelSet: { trace_id: trace.traceId, span_id: trace.spanId }, value, timestamp: timeMs / 1_000 };
}

/** Names of the platform: topics, codes, places, servers. Whatever else somebody calls itself is OTHER. */
function bounded(text: string): string {
  return NAME.test(text) ? text : OTHER;
}

function labelled({ labels }: MetricSpec, values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.map((name, index) => [name, values[index] ?? OTHER]));
}

/** OpenMetrics writes a bound as a float, so that 1 and 1.0 are one series. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const OTHER = "OTHER";
const NAME = /^[A-Za-z][A-Za-z0-9_.@:/-]{0,79}$/;
