import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Metric, renderMetrics } from "./metrics.ts";

describe("renderMetrics", () => {
  it("writes help, type and samples, family by family", () => {
    const page = renderMetrics([
      {
        name: "orders_accepted_total",
        help: "Orders whose permit was consumed.",
        type: "counter",
        samples: [
          { labels: { venue: "paper", account: "main" }, value: 12 },
          { labels: { account: "other", venue: "paper" }, value: 9_007_199_254_740_993n },
        ],
      },
      { name: "fence_epoch", help: "", type: "gauge", samples: [{ value: -0.5 }] },
      { name: "nothing_yet", help: "No sample.", type: "gauge", samples: [] },
    ]);
    expect(page).toBe(
      [
        "# HELP orders_accepted_total Orders whose permit was consumed.",
        "# TYPE orders_accepted_total counter",
        'orders_accepted_total{account="main",venue="paper"} 12',
        'orders_accepted_total{account="other",venue="paper"} 9007199254740993',
        "# HELP fence_epoch ",
        "# TYPE fence_epoch gauge",
        "fence_epoch -0.5",
        "# HELP nothing_yet No sample.",
        "# TYPE nothing_yet gauge",
        "",
      ].join("\n"),
    );
  });

  it("escapes backslash and newline in help, and the quotation mark too in label values", () => {
    const page = renderMetrics([
      { name: "x", help: 'a\\b\n"c"', type: "gauge", samples: [{ labels: { path: 'C:\\n\n"q"' }, value: 1 }] },
    ]);
    expect(page).toBe('# HELP x a\\\\b\\n"c"\n# TYPE x gauge\nx{path="C:\\\\n\\n\\"q\\""} 1\n');
  });

  it("says what is no number as Prometheus does", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21];
    const samples = values.map((value, n) => ({ labels: { n: String(n) }, value }));
    const lines = renderMetrics([{ name: "x", help: "", type: "gauge", samples }]).split("\n");
    expect(lines.slice(2, 6).map((line) => line.split(" ")[1])).toEqual(["NaN", "+Inf", "-Inf", "1e+21"]);
  });

  it("is read back as it was by the rules of the format, whatever help, labels and values say", () => {
    const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/).filter((text) => !text.endsWith("_total"));
    const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,5}$/);
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[\\"\n{},= #a]*$/));
    const metric = fc.record({
      name,
      help: text,
      type: fc.constantFrom("counter" as const, "gauge" as const),
      samples: fc.uniqueArray(
        fc.record({
          labels: fc.dictionary(label, text, { maxKeys: 3, noNullPrototype: true }),
          value: fc.double({ min: 0 }),
        }),
        { maxLength: 4, selector: ({ labels }) => JSON.stringify(Object.entries(labels).sort()) },
      ),
    });
    fc.assert(
      fc.property(fc.uniqueArray(metric, { maxLength: 4, selector: (one) => one.name }), (drawn) => {
        // A count is a number; what a gauge measures may be none.
        const counted = ({ samples }: (typeof drawn)[number]) => samples.filter(({ value }) => !Number.isNaN(value));
        const metrics = drawn.map((one) =>
          one.type === "counter" ? { ...one, name: `${one.name}_total`, samples: counted(one) } : one,
        );
        expect(parse(renderMetrics(metrics))).toEqual(metrics);
      }),
    );
  });

  const gauge = { name: "x", help: "", type: "gauge", samples: [] } as const;
  it.each<[string, readonly Metric[]]>([
    ["a name with a hyphen", [{ ...gauge, name: "a-b" }]],
    ["a name that begins with a digit", [{ ...gauge, name: "9x" }]],
    ["a name of two lines", [{ ...gauge, name: "x\ny" }]],
    ["a family twice", [gauge, gauge]],
    ["a counter without _total", [{ ...gauge, type: "counter" }]],
    ["a gauge with _total", [{ ...gauge, name: "x_total" }]],
    ["a count below zero", [{ ...gauge, name: "x_total", type: "counter", samples: [{ value: -1 }] }]],
    ["a count that is no number", [{ ...gauge, name: "x_total", type: "counter", samples: [{ value: Number.NaN }] }]],
    ["a label with a colon", [{ ...gauge, samples: [{ labels: { "a:b": "" }, value: 1 }] }]],
    ["a label that is Prometheus' own", [{ ...gauge, samples: [{ labels: { __name__: "" }, value: 1 }] }]],
    [
      "a series twice, whatever the order of its labels",
      [
        {
          ...gauge,
          samples: [
            { labels: { a: "1", b: "2" }, value: 1 },
            { labels: { b: "2", a: "1" }, value: 1 },
          ],
        },
      ],
    ],
  ])("throws on %s", (_, metrics) => {
    expect(() => renderMetrics(metrics)).toThrow(expect.objectContaining({ code: "ERR_ASSERTION" }));
  });
});

/** A strict reader of the format, written from its description alone; it knows only what this package writes. */
function parse(page: string): Metric[] {
  expect(page === "" || page.endsWith("\n")).toBe(true);
  const metrics: { name: string; help: string; type: "counter" | "gauge"; samples: Metric["samples"][number][] }[] = [];
  const lines = page.split("\n").slice(0, -1);
  for (let at = 0; at < lines.length; ) {
    const [, name = "", help = ""] = /^# HELP (\S+) (.*)$/s.exec(lines[at++] ?? "") ?? [];
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge)$/.exec(lines[at++] ?? "") ?? [];
    expect(typed).toBe(name);
    const samples = [];
    while (at < lines.length && !lines[at]?.startsWith("#")) samples.push(parseSample(lines[at++] ?? "", name));
    metrics.push({ name, help: unescaped(help), type: type === "counter" ? "counter" : "gauge", samples });
  }
  return metrics;
}

function parseSample(line: string, name: string): Metric["samples"][number] {
  expect(line.startsWith(name)).toBe(true);
  const labels: Record<string, string> = {};
  let rest = line.slice(name.length);
  if (rest.startsWith("{")) {
    do {
      const [whole = "", label = "", value = ""] =
        /^[{,]([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"/s.exec(rest) ?? [];
      expect(whole).not.toBe("");
      labels[label] = unescaped(value);
      rest = rest.slice(whole.length);
    } while (rest.startsWith(","));
    expect(rest.startsWith("} ")).toBe(true);
    rest = rest.slice(1);
  }
  const [, number = ""] = /^ (\S+)$/.exec(rest) ?? [];
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  expect(Number.isNaN(value)).toBe(number === "NaN");
  return { labels, value };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, letter: string) => (letter === "n" ? "\n" : letter));
}
