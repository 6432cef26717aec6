/** Who of a cluster runs, by its own word. */
import type { ClusterSpec } from "../cluster.ts";
import { ask, largest, metricsOf } from "../health-page.ts";
import type { RunRecord } from "../run-record.ts";
import { bad, type Finding, ok } from "./finding.ts";

const TIMEOUT_MS = 2_000;
/** The lease beyond which Policy and the gate refuse. */
const FENCE_AGE_MAX_S = 3;

export async function* running(dir: string, spec: ClusterSpec, record: RunRecord | undefined): AsyncGenerator<Finding> {
  const cure = `./countersign up --dir ${dir}`;
  if (record === undefined) {
    yield bad("processes", "missing", "nobody runs this cluster", cure);
    return;
  }
  const down = record.processes.filter(({ pid }) => pid === undefined).map(({ name }) => name);
  const often = record.processes
    .filter(({ restarts }) => restarts > 0)
    .map(({ name, restarts }) => `${name} ${restarts}×`);
  const again = often.length === 0 ? "" : `; started again: ${often.join(", ")}`;
  if (down.length > 0)
    yield bad("processes", "missing", `${down.join(", ")} not running now${again}`, `tail ${dir}/logs/${down[0]}.log`);
  else yield ok("processes", `${record.processes.length} run${again}`);
  yield* health(dir, spec);
}

async function* health(dir: string, { health: addresses }: ClusterSpec): AsyncGenerator<Finding> {
  const answers = await Promise.all(
    Object.entries(addresses).map(async ([name, address]) => ({
      name,
      live: await ask(address, "/healthz", TIMEOUT_MS),
      ready: await ask(address, "/readyz", TIMEOUT_MS),
      metrics: await metricsOf(address, TIMEOUT_MS),
    })),
  );
  const ill = answers.filter(({ live, ready }) => !live.ok || !ready.ok);
  const told = ill.map(({ name, live, ready }) => `${name}: ${live.ok ? `not ready, ${ready.why}` : live.why}`);
  if (ill.length === 0) yield ok("health", `${answers.length} live and ready`);
  else yield bad("health", "wrong", told.join("; "), `tail ${dir}/logs/${ill[0]?.name}.log`);
  const ages = answers.flatMap(({ name, metrics }) => {
    const age = metrics && largest(metrics, "countersign_fence_age_seconds");
    return age === undefined ? [] : [{ name, age }];
  });
  if (ages.length === 0) {
    yield bad("fence", "unknown", "no process says how old its fence is", `tail ${dir}/logs/policy.log`);
    return;
  }
  const oldest = ages.reduce((a, b) => (b.age > a.age ? b : a));
  const says = `heard ${oldest.age.toFixed(1)} s ago by ${oldest.name}, the last of ${ages.length}`;
  if (oldest.age <= FENCE_AGE_MAX_S) yield ok("fence", says);
  else
    yield bad(
      "fence",
      "wrong",
      `${says}; beyond ${FENCE_AGE_MAX_S} s no order is placed`,
      `./countersign status --dir ${dir} (do two validators run?)`,
    );
}
