/** The chart's own jobs, in pods as restricted as all others: the canary of `helm test`, a soak, and chaos with its right to delete a pod. */
import { isOver, until } from "../kube.ts";
import type { World } from "../world.ts";
import { chartArgs, RELEASE } from "./install.ts";

const SOAK = { for: "2m", withinSeconds: 60 } as const;
const DONE_MS = 300_000;

export async function jobs(world: World): Promise<void> {
  const { kube, report } = world;
  await report.step(
    "helm test: an order from its permit to the ledger",
    async () => {
      // The pod that must fail, where there is one, is another test of it.
      const { code, out, error } = await kube.helm(["test", RELEASE, "--logs", "--timeout", "300s"], DONE_MS);
      if (code !== 0) throw new Error(`${error.trim()}\n${out.trim()}`);
      return out.split("\n").findLast((line) => line.startsWith("an order"));
    },
    (line) => line,
  );
  await report.step("soak and chaos are asked for", async () => {
    const values = [
      `soak.enabled=true,soak.for=${SOAK.for},soak.withinSeconds=${SOAK.withinSeconds}`,
      `chaos.enabled=true,chaos.confirm=${kube.namespace},chaos.schedule=0 0 1 1 *`,
      ...(await apiServers(world)).map((ip, n) => `networkPolicy.apiServer.to[${n}].ipBlock.cidr=${ip}/32`),
    ];
    await kube.mustHelm(["upgrade", RELEASE, ...chartArgs(world), ...values.flatMap((one) => ["--set", one])]);
    await kube.must("create", "job", "chaos-once", "--from=cronjob/chaos");
  });
  const figures = [
    ["chaos: a pod is deleted, and its successor is ready", "job-name=chaos-once"],
    ["soak: every order that began has arrived, or ended for a reason", "countersign.dev/command=soak"],
  ] as const;
  for (const [title, selector] of figures)
    await report.step(
      title,
      () => lastLine(world, selector),
      (line) => line,
    );
}

/** Of a Job's pod, when it has succeeded. @throws Error with its log where it failed */
async function lastLine({ kube }: World, selector: string): Promise<string> {
  return until(`${selector} is over`, DONE_MS, async () => {
    const { items } = JSON.parse(await kube.must("get", "pods", "-l", selector, "-o", "json"));
    const [pod] = items;
    if (pod === undefined || (!isOver(pod) && pod.status.phase !== "Failed")) return undefined;
    const log = (await kube.must("logs", pod.metadata.name)).trim();
    if (!isOver(pod)) throw new Error(`${pod.metadata.name} failed:\n${log}`);
    return log.split("\n").at(-1);
  });
}

/** Where the API's servers are, behind the address that pods know: policies see these. */
async function apiServers({ kube }: World): Promise<readonly string[]> {
  const slices: EndpointSlices = JSON.parse(
    await kube.must(
      "get",
      "endpointslices",
      "-n",
      "default",
      "-l",
      "kubernetes.io/service-name=kubernetes",
      "-o",
      "json",
    ),
  );
  return slices.items.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses));
}

interface EndpointSlices {
  readonly items: readonly { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }[];
}
