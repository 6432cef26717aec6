/** The rollouts' queries, asked of Prometheus' own engine: what they say when a canary is as good, worse, and not asked at all. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { run } from "../run.ts";
import { neededTool } from "../tools/place.ts";
import { CHART, template } from "./helm.ts";

interface AnalysisTemplate {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly metrics: readonly {
      readonly name: string;
      readonly successCondition: string;
      readonly failureCondition: string;
      readonly provider: { readonly prometheus: { readonly query: string } };
    }[];
  };
}

type Sample = readonly [series: string, perMinute: number];

let dir: string;
let templates: readonly AnalysisTemplate[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-analysis-"));
  const values = join(dir, "values.yaml");
  const policy = { policy: { replicas: 2 } };
  writeFileSync(
    values,
    stringify({
      engines: { enabled: true },
      rollouts: { enabled: true },
      signalCanary: { enabled: true },
      processes: policy,
    }),
  );
  const documents = parseAllDocuments(await template([join(CHART, "ci", "cluster.yaml"), values]));
  templates = documents
    .map((document) => document.toJS() as AnalysisTemplate | null)
    .filter((object) => object?.kind === "AnalysisTemplate") as AnalysisTemplate[];
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("a canary of Policy", () => {
  it("that refuses as rarely as the stable version passes", async () => {
    const series = [...served("new", 60), ...served("old", 60), refused("new", 6), refused("old", 6)];
    expect(await verdict("policy-canary", "refusals", series)).toBe("success");
  });

  it("that refuses what the stable version took fails", async () => {
    const series = [...served("new", 60), ...served("old", 60), refused("new", 30), refused("old", 6)];
    expect(await verdict("policy-canary", "refusals", series)).toBe("failure");
  });

  it("beside which nobody has refused anything passes", async () => {
    expect(await verdict("policy-canary", "refusals", [...served("new", 60), ...served("old", 60)])).toBe("success");
  });

  it("that nobody asked is not judged", async () => {
    const series = [...served("old", 60), refused("old", 6)];
    expect(await verdict("policy-canary", "refusals", series)).toBe("inconclusive");
    expect(await verdict("policy-canary", "latency", series)).toBe("inconclusive");
  });

  it("that was asked too little is not judged", async () => {
    const series = [...served("new", 5), ...served("old", 60), refused("new", 5)];
    expect(await verdict("policy-canary", "refusals", series)).toBe("inconclusive");
  });

  it("that is as fast as the stable version passes, and one that is slower fails", async () => {
    const both = [...served("new", 60), ...served("old", 60)];
    expect(await verdict("policy-canary", "latency", both)).toBe("success");
    const slower = [...served("new", 60, { isSlow: true }), ...served("old", 60)];
    expect(await verdict("policy-canary", "latency", slower)).toBe("failure");
  });
});

describe("a preview of the gateway", () => {
  it("that was ready throughout passes, and one that was not fails", async () => {
    const ready = 'countersign_ready{agent="gateway",rollouts_pod_template_hash="new"}';
    expect(await verdict("gateway-preview", "ready", [[ready, 0]], { start: 1 })).toBe("success");
    expect(await verdict("gateway-preview", "ready", [[ready, 0]], { start: 0 })).toBe("failure");
    expect(await verdict("gateway-preview", "ready", [])).toBe("inconclusive");
  });
});

describe("a canary of Signal", () => {
  const words = (verdict: string, perMinute: number): Sample => [
    `countersign_canary_words_total{agent="signal-canary",verdict="${verdict}"}`,
    perMinute,
  ];

  it("that would have said the same passes, and one that differs in a tenth fails", async () => {
    expect(await verdict("signal-canary", "agreement", [words("same", 100)])).toBe("success");
    expect(await verdict("signal-canary", "agreement", [words("same", 90), words("differs", 10)])).toBe("failure");
    expect(await verdict("signal-canary", "agreement", [words("same", 90), words("missing", 10)])).toBe("failure");
  });

  it("that has hardly spoken is not judged", async () => {
    expect(await verdict("signal-canary", "agreement", [words("same", 2)])).toBe("inconclusive");
  });
});

function served(version: string, perMinute: number, { isSlow = false } = {}): readonly Sample[] {
  const labels = `agent="policy",operation="serve",name="PolicyService.Validate",rollouts_pod_template_hash="${version}"`;
  const fast = isSlow ? 0 : perMinute;
  return [
    [`countersign_work_seconds_count{${labels}}`, perMinute],
    [`countersign_work_seconds_bucket{${labels},le="0.025"}`, fast],
    [`countersign_work_seconds_bucket{${labels},le="0.08"}`, perMinute],
    [`countersign_work_seconds_bucket{${labels},le="+Inf"}`, perMinute],
  ];
}

function refused(version: string, perMinute: number): Sample {
  const labels = `agent="policy",code="STALE",place="serve",rollouts_pod_template_hash="${version}"`;
  return [`countersign_refusals_total{${labels}}`, perMinute];
}

/** What Argo Rollouts makes of the query after a quarter of an hour of these series. */
async function verdict(name: string, metric: string, series: readonly Sample[], { start = 0 } = {}): Promise<string> {
  const { provider, successCondition, failureCondition } = templates
    .find(({ metadata }) => metadata.name === name)!
    .spec.metrics.find((one) => one.name === metric)!;
  const query = provider.prometheus.query.replaceAll("{{args.stable}}", "old").replaceAll(/\{\{args\.\w+\}\}/g, "new");
  const holds = async (condition: string) => {
    const bound = /^len\(result\) > 0 && result\[0\] (<=|>=|==|<|>) ([\d.]+)$/.exec(condition)!;
    return isTrue(`(${query.trim()}) ${bound[1]} bool ${bound[2]}`, series, start);
  };
  const [succeeds, fails] = [await holds(successCondition), await holds(failureCondition)];
  if (succeeds && fails) return "both";
  if (succeeds) return "success";
  return fails ? "failure" : "inconclusive";
}

/** By `promtool test rules`: whether the expression is there, and 1. */
async function isTrue(expr: string, series: readonly Sample[], start: number): Promise<boolean> {
  const file = join(dir, "test.yaml");
  const test = {
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: series.map(([name, perMinute]) => ({ series: name, values: `${start}+${perMinute}x15` })),
        promql_expr_test: [{ expr, eval_time: "15m", exp_samples: [{ labels: "{}", value: 1 }] }],
      },
    ],
  };
  writeFileSync(file, stringify(test));
  const { code, output } = await run(neededTool("promtool"), ["test", "rules", file]);
  if (code !== 0 && !output.includes("exp: ") && !output.includes("got:")) throw new Error(output);
  return code === 0;
}
