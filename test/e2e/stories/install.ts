/** A cluster is founded, installed, and trades: from nothing to everything ready. */
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { componentOf, isOver, isReady, type Pod, until } from "../kube.ts";
import { ENGINES } from "../reachability.ts";
import { seconds } from "../report.ts";
import type { World } from "../world.ts";

export const RELEASE = "countersign";
const READY_MS = 600_000;

/**
 * The chart, the cluster and what is small about this one.
 * @param version another one replaces every process; but an exchange without a volume would forget what is held there, and Execution, rightly,
 * would trade no more
 */
export function chartArgs({ folder, options, hasVolumes }: World, version = "first"): readonly string[] {
  return [
    cloneFile("charts/countersign"),
    ...["--values", join(folder, "values.yaml"), "--values", join(import.meta.dirname, "..", "values.yaml")],
    ...["--set", `image.registry=${options.registry}`, "--set-string", `image.tag=${options.tag}`],
    ...["--set", `persistence.enabled=${hasVolumes}`, "--set-string", `process.podAnnotations.version=${version}`],
    ...(hasVolumes ? [] : ["--set-string", "processes.paper-exchange.podAnnotations.version=first"]),
  ];
}

export async function install(world: World): Promise<void> {
  const { kube, report, folder } = world;
  await report.step("the cluster's secrets", () => kube.must("apply", "-f", join(folder, "secrets.yaml")));
  const begun = performance.now();
  await report.step("helm install", () => kube.mustHelm(["install", RELEASE, ...chartArgs(world)]));
  await report.step("the engines are ready", () => allReady(world, (pod) => componentOf(pod) in ENGINES));
  await report.step("the cluster is founded", () =>
    until("the job `found` is done", READY_MS, () => foundJobDone(world)),
  );
  const pods = await report.step(
    "every pod is ready",
    () => allReady(world, () => true),
    (all) => `${all.length} pods`,
  );
  report.figure("from helm install to everything ready", `${seconds(performance.now() - begun)}, ${pods.length} pods`);
}

/** Every chosen pod that is not of a finished job; at least one. */
export function allReady(
  { kube }: Pick<World, "kube">,
  chosen: (pod: Pod) => boolean,
  withinMs = READY_MS,
): Promise<readonly Pod[]> {
  return until("every pod is ready", withinMs, async () => {
    const pods = (await kube.pods()).filter((pod) => chosen(pod) && !isOver(pod));
    return pods.length > 0 && pods.every(isReady) ? pods : undefined;
  });
}

async function foundJobDone({ kube }: World): Promise<true | undefined> {
  return (await kube.pods("found")).some(isOver) || undefined;
}

/** What each process holds, by its own first process; figures of a machine, not of a limit. */
export async function memory({ kube, report }: World): Promise<void> {
  const read =
    "process.stdout.write(require('fs').readFileSync('/proc/1/status', 'utf8').match(/VmRSS:\\s*(\\d+)/)[1])";
  const figures = await Promise.all(
    (await kube.pods())
      .filter((pod) => isReady(pod) && !(componentOf(pod) in ENGINES))
      .map(async (pod) => {
        const { out } = await kube.exec(pod.metadata.name, ["node", "-e", read]);
        return [componentOf(pod), Number(out) / 1_024] as const;
      }),
  );
  const mib = (value: number) => value.toFixed(0);
  const all = figures.map(([name, value]) => `${name} ${mib(value)}`).join(", ");
  report.figure("resident memory, MiB", `${all}; together ${mib(figures.reduce((sum, [, value]) => sum + value, 0))}`);
}
