/**
 * `node scripts/ci/slo-gate.ts ENVIRONMENT [--hours 1|24] [--now ISO]`: whether the images that an environment has may go on to the next one.
 * They have to have run for that long; in the last such window each objective of the canvases was kept, by no more than a fifth of its error
 * budget worse than before the release, and nobody was paged. It keeps nothing: the commit that brought the images says since when they run,
 * so it can be ended and started at any time, and its answer is the same.
 *
 *   PROMETHEUS_URL          https://…
 *   PROMETHEUS_TOKEN_FILE   a bearer token, if it asks for one
 *
 * Prints `verdict=pass`, `wait` or `fail` at the end, and writes it to $GITHUB_OUTPUT where there is one. Exit code 1: fail; 2: wrong usage.
 */
import { appendFileSync } from "node:fs";
import { measuredSlos } from "../observability/slo.ts";
import { parseOptions } from "../options.ts";
import { judge } from "./gate/judge.ts";
import { measureObjectives, measureRelease } from "./gate/measure.ts";
import { GateError, openPrometheus } from "./gate/prometheus.ts";
import { type Release, releaseOf } from "./gate/release.ts";
import { isEnvironment } from "./images.ts";

const NAMESPACE = "countersign";
/** ArgoCD has to see the commit, and pods have to be replaced. */
const SETTLE_MS = 30 * 60_000;

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { hours: { type: "string", default: "24" }, now: { type: "string" } },
});
const [environment] = positionals;
const hours = Number(values.hours);
const nowMs = values.now === undefined ? Date.now() : Date.parse(values.now);
if (!isEnvironment(environment) || (hours !== 1 && hours !== 24) || Number.isNaN(nowMs)) usage();

try {
  finish(await verdictOn(await releaseOf(environment), hours));
} catch (error) {
  if (!(error instanceof GateError)) throw error;
  console.log(`FAILED  ${error.message}`);
  finish("fail");
}

async function verdictOn(release: Release | undefined, hours: 1 | 24): Promise<Verdict> {
  if (release === undefined) {
    console.log(`${environment}: no image has come there yet`);
    return "wait";
  }
  const { images, sinceMs, isFirst } = release;
  const age = `${images.commit.slice(0, 12)} in ${environment} since ${new Date(sinceMs).toISOString()}`;
  const dueMs = sinceMs + SETTLE_MS + hours * 3_600_000;
  if (nowMs < dueMs) {
    console.log(`${age}: judged from ${new Date(dueMs).toISOString()}`);
    return "wait";
  }
  console.log(`${age}: judged by the last ${hours} h`);
  const url = process.env.PROMETHEUS_URL;
  if (!url)
    throw new GateError(
      "NO_ANSWER",
      "PROMETHEUS_URL: say where Prometheus answers, such as https://prometheus.example.org",
    );
  const prometheus = openPrometheus({ url, tokenFile: process.env.PROMETHEUS_TOKEN_FILE });
  const window = { endMs: nowMs, hours };
  const objectives = measuredSlos().map(({ agent, slo, objective }) => ({ agent, slo, ratio: objective.ratio }));
  const releasedMs = isFirst ? ("first" as const) : sinceMs;
  const evidence = await measureObjectives(prometheus, NAMESPACE, objectives, { window, releasedMs });
  const findings = [
    ...evidence
      .map(judge)
      .map(({ objective: { agent, slo }, passes, why }) => ({ what: `${agent} ${slo}`, passes, why })),
    ...(await measureRelease(prometheus, NAMESPACE, images, window)),
  ];
  for (const { what, passes, why } of findings) console.log(`${passes ? "ok    " : "FAILED"}  ${what}: ${why}`);
  return findings.every(({ passes }) => passes) ? "pass" : "fail";
}

type Verdict = "pass" | "wait" | "fail";

function finish(verdict: Verdict): void {
  console.log(`verdict=${verdict}`);
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `verdict=${verdict}\n`);
  process.exitCode = verdict === "fail" ? 1 : 0;
}

function usage(): never {
  console.error("slo-gate: say dev, staging or prod, --hours 1 or 24, and --now as a date if at all");
  process.exit(2);
}
