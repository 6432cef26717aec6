// fixtures/answers.json holds what a Prometheus 2.42 answered to these questions, over series that were written for it: Policy as before,
// Execution within its objective and worse than before, Hedger without an event; Gateway's image for an hour, and one alert that pages.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judge } from "./judge.ts";
import { measureObjectives, measureRelease } from "./measure.ts";
import { GateError, openPrometheus, type Sample } from "./prometheus.ts";

interface Recorded {
  readonly releasedMs: number;
  readonly endMs: number;
  readonly answers: readonly { readonly query: string; readonly time: number; readonly answer: unknown }[];
}

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/answers.json"), "utf8")) as Recorded;
const { releasedMs, endMs } = recorded;
const window = { endMs, hours: 24 } as const;
const objectives = [
  { agent: "policy", slo: "validate-p95", ratio: 0.95 },
  { agent: "execution", slo: "oldest-unbooked-fill", ratio: 0.999 },
  { agent: "hedger", slo: "quote-p95", ratio: 0.95 },
];

const replay = openPrometheus({
  url: "http://recorded",
  fetch: async (_, init) => {
    const asked = new URLSearchParams(String(init?.body));
    const found = recorded.answers.find(
      ({ query, time }) => query === asked.get("query") && time === Number(asked.get("time")),
    );
    return Response.json(found?.answer ?? { status: "error", error: "was not recorded" });
  },
});

test("objectives are judged by what was recorded now and before the release", async () => {
  const evidence = await measureObjectives(replay, "countersign", objectives, { window, releasedMs });
  expect(evidence.map(judge).map(({ passes, why }) => [passes, why])).toEqual([
    [true, "1.3 % bad, 1.2 % before"],
    [false, "0.09 % bad, 0 % before"],
    [false, "not measured"],
  ]);
});

test("a release that did not run all the time is named, and so is an alert that paged", async () => {
  const digests = { policy: `sha256:${"a".repeat(64)}`, gateway: `sha256:${"b".repeat(64)}` };
  const findings = await measureRelease(replay, "countersign", { commit: "", digests }, window);
  expect(findings).toEqual([
    { what: "gateway", passes: false, why: `runs at 12 of 288 looks: ${digests.gateway}` },
    { what: "synthetic order", passes: true, why: "arrived 0.3 h ago" },
    { what: "alerts that page", passes: false, why: "FenceStale" },
  ]);
});

test("a synthetic order that arrived before the window, or never, does not count", async () => {
  const arrived = (result: readonly unknown[]) => ({
    query: async (query: string) => (query.includes("canary") ? (result as readonly Sample[]) : []),
  });
  const found = async (result: readonly unknown[]) => {
    const findings = await measureRelease(
      arrived(result),
      "countersign",
      { commit: "", digests: {} },
      { endMs, hours: 1 },
    );
    return findings.find(({ what }) => what === "synthetic order")?.passes;
  };
  expect(await found([{ labels: {}, value: endMs / 1_000 - 3_500 }])).toBe(true);
  expect(await found([{ labels: {}, value: endMs / 1_000 - 3_700 }])).toBe(false);
  expect(await found([])).toBe(false);
});

test("a Prometheus that answers an error, no JSON or nothing is an error, and never an empty answer", async () => {
  const answering = (send: typeof fetch) => openPrometheus({ url: "http://p", fetch: send }).query("up", endMs);
  const failed = { name: GateError.name, code: "NO_ANSWER" };
  await expect(answering(async () => Response.json({ status: "error", error: "timeout" }))).rejects.toMatchObject(
    failed,
  );
  await expect(answering(async () => new Response("<html>"))).rejects.toMatchObject(failed);
  await expect(answering(() => Promise.reject(new Error("refused")))).rejects.toMatchObject(failed);
  const scalar = { status: "success", data: { resultType: "scalar", result: [0, "1"] } };
  await expect(answering(async () => Response.json(scalar))).rejects.toMatchObject(failed);
});
