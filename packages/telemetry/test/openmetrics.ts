/** OpenMetrics 1.0 as its ABNF and its rules have it, for counters, gauges and histograms; written from the specification. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: { readonly labels: Readonly<Record<string, string>>; readonly value: number } | undefined;
}

/** @throws Error naming the line that breaks a rule */
export function parseOpenMetrics(text: string): ParsedSample[] {
  if (!text.endsWith("\n# EOF\n")) throw new Error("the page does not end in # EOF");
  const samples: ParsedSample[] = [];
  const families = new Set<string>();
  const series = new Set<string>();
  let family: { name: string; type: string } = { name: "", type: "" };
  for (const line of text.slice(0, -"# EOF\n".length).trimEnd().split("\n")) {
    const fail = (why: string) => new Error(`${why}: ${line}`);
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (families.has(name)) throw fail("a family stands there twice");
      families.add(name);
      family = { name, type: "" };
      continue;
    }
    if (word === "TYPE") {
      if (name !== family.name) throw fail("TYPE of another family");
      if (rest === "counter" && name.endsWith("_total")) throw fail("a counter's family ends in _total");
      family = { name, type: rest };
      continue;
    }
    if (line.startsWith("#") || line === "") throw fail("neither metadata nor sample");
    const sample = parseSample(line);
    const suffix = sample.name.slice(family.name.length);
    if (!sample.name.startsWith(family.name) || !SUFFIXES[family.type]?.includes(suffix))
      throw fail("not of its family");
    if (sample.exemplar !== undefined && suffix !== "_bucket" && suffix !== "_total")
      throw fail("an exemplar has no place here");
    const { le } = sample.labels;
    if (suffix === "_bucket" && sample.exemplar !== undefined && sample.exemplar.value > Number(le?.replace("+", "")))
      throw fail("the exemplar is not of its bucket");
    const identity = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (series.has(identity)) throw fail("a series stands there twice");
    series.add(identity);
    if ((family.type === "counter" || suffix === "_bucket") && !(sample.value >= 0)) throw fail("not a count");
    samples.push(sample);
  }
  return samples;
}

function parseSample(line: string): ParsedSample {
  const match = new RegExp(
    `^([a-zA-Z_:][\\w:]*)(${LABELS})? (${NUMBER})(?: # (${LABELS}) (${NUMBER}) (\\d+(?:\\.\\d+)?))?$`,
  ).exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = "", labels = "{}", value, exemplarLabels, exemplarValue] = match;
  const exemplar =
    exemplarLabels === undefined ? undefined : { labels: labelsOf(exemplarLabels), value: Number(exemplarValue) };
  const length = Object.entries(exemplar?.labels ?? {}).reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  if (length > 128) throw new Error(`the exemplar is longer than 128: ${line}`);
  return { name, labels: labelsOf(labels), value: Number(value?.replace("Inf", "Infinity")), exemplar };
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g)].map(([, k = "", v = ""]) => [k, v]),
  );
}

const LABELS = String.raw`\{(?:[a-zA-Z_]\w*="(?:\\[\\"n]|[^"\\\n])*"(?:,[a-zA-Z_]\w*="(?:\\[\\"n]|[^"\\\n])*")*)?\}`;
const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN`;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count", "_created"],
};
