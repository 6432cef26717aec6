/** What the gate asks Prometheus, all of it recorded by the chart's own rules or by kube-state-metrics. */
import type { Images } from "../images.ts";
import type { Evidence, Measured, Objective } from "./judge.ts";
import type { Prometheus, Sample } from "./prometheus.ts";

export interface Window {
  readonly endMs: number;
  readonly hours: 1 | 24;
}

/** What has to hold besides the objectives. */
export interface Finding {
  readonly what: string;
  readonly passes: boolean;
  readonly why: string;
}

export async function measureObjectives(
  prometheus: Prometheus,
  namespace: string,
  objectives: readonly Objective[],
  { window, releasedMs }: { readonly window: Window; readonly releasedMs: number | "first" },
): Promise<readonly Evidence[]> {
  const now = await measureAt(prometheus, namespace, window, window.endMs);
  const before = releasedMs === "first" ? undefined : await measureAt(prometheus, namespace, window, releasedMs);
  return objectives.map((objective) => ({
    objective,
    now: now(objective),
    before: before === undefined ? ("none" as const) : before(objective),
  }));
}

async function measureAt(prometheus: Prometheus, namespace: string, { hours }: Window, atMs: number) {
  const range = hours === 24 ? "1d" : "1h";
  const [bad, events] = await Promise.all([
    prometheus.query(`countersign:slo_bad:ratio_${range}{namespace="${namespace}"}`, atMs),
    prometheus.query(`countersign:slo_events:${range}{namespace="${namespace}"}`, atMs),
  ]);
  return ({ agent, slo }: Objective): Measured => ({ bad: of(bad, agent, slo), events: of(events, agent, slo) });
}

function of(samples: readonly Sample[], agent: string, slo: string): number | undefined {
  const found = samples.filter(({ labels }) => labels.agent === agent && labels.slo === slo);
  // Two of a name would be two opinions.
  return found.length === 1 ? found[0]?.value : undefined;
}

/** A digest was seen running at nearly every scrape of the window; and nobody was called meanwhile. */
export async function measureRelease(
  prometheus: Prometheus,
  namespace: string,
  { digests }: Images,
  { endMs, hours }: Window,
): Promise<readonly Finding[]> {
  const looks = hours * LOOKS_PER_HOUR;
  const findings: Finding[] = [];
  for (const [image, digest] of Object.entries(digests)) {
    // The commands run for minutes, by jobs.
    if (image === "countersign") continue;
    const running = `max(kube_pod_container_info{namespace="${namespace}",image_id=~".*@${digest}"})`;
    const [sample] = await prometheus.query(`count_over_time((${running})[${hours}h:5m])`, endMs);
    const seen = sample?.value ?? 0;
    const passes = seen >= looks * SEEN_MIN;
    if (!passes) findings.push({ what: image, passes, why: `runs at ${seen} of ${looks} looks: ${digest}` });
  }
  if (findings.length === 0) findings.push({ what: "images", passes: true, why: "all ran all the time" });
  const arrived = `max(kube_cronjob_status_last_successful_time{namespace="${namespace}",cronjob="canary"})`;
  const [canary] = await prometheus.query(arrived, endMs);
  const agoHours = canary === undefined ? undefined : (endMs / 1_000 - canary.value) / 3_600;
  findings.push({
    what: "synthetic order",
    passes: agoHours !== undefined && agoHours <= hours,
    why: agoHours === undefined ? "never seen" : `arrived ${agoHours.toFixed(1)} h ago`,
  });
  const paging = `ALERTS{alertstate="firing",severity="page",namespace="${namespace}"}`;
  const paged = await prometheus.query(`count by (alertname) (count_over_time(${paging}[${hours}h]))`, endMs);
  const names = paged.map(({ labels }) => labels.alertname ?? "one without a name");
  findings.push({
    what: "alerts that page",
    passes: names.length === 0,
    why: names.length === 0 ? "none" : names.toSorted().join(", "),
  });
  return findings;
}

const LOOKS_PER_HOUR = 12;
/** A roll-out, or Prometheus' own restart. */
const SEEN_MIN = 0.95;
