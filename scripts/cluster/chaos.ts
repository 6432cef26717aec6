/**
 * `node scripts/cluster/chaos.ts --namespace NS --release NAME --components signal,policy [--seed N] [--within 300] [--api DIR]`: deletes one
 * pod of a release, and waits until another is ready in its place. It speaks with the API of the cluster that it runs in, by the token in
 * DIR. Exit code 0 when there was a successor in time; 1 when there was none; 3 when nothing was deleted, because not everybody was ready.
 */
import { hash, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ApiClient, isAccepted, messageOf } from "../k8s/client.ts";
import type { KubeObject } from "../k8s/manifests.ts";
import { parseOptions } from "../options.ts";
import { askAtStart } from "./at-start.ts";

export interface ChaosOptions {
  readonly client: Pick<ApiClient, "send">;
  readonly namespace: string;
  readonly release: string;
  /** Each is as likely as any other, however many pods it has. */
  readonly components: readonly string[];
  readonly seed: number;
  readonly withinMs: number;
  readonly print: (line: string) => void;
}

/** @throws RefusedError; Error where the API does not answer before anything is deleted */
export async function chaos(options: ChaosOptions): Promise<0 | 1 | 3> {
  const { client, namespace, components, seed, withinMs, print } = options;
  const before = await askAtStart(() => podsOf(options), { isAway: (error) => !(error instanceof RefusedError) });
  const unready = [
    ...components.filter((component) => !before.some((pod) => pod.component === component)),
    ...before.filter(({ isReady }) => !isReady).map(({ name }) => name),
  ];
  if (unready.length > 0) {
    print(`nothing is deleted: not ready before it began: ${unready.join(", ")}`);
    return 3;
  }
  const component = pick(components, seed, 0);
  const own = before.filter((pod) => pod.component === component);
  const victim = pick(own, seed, 1);
  print(`seed ${seed}: deletes pod ${victim.name}`);
  // Not 0: then a successor may start while the process still runs, and of most there may be one.
  const answer = await client.send("DELETE", `${path(namespace)}/${victim.name}?gracePeriodSeconds=1`);
  if (!isAccepted(answer)) throw new RefusedError(`${victim.name} is not deleted: ${messageOf(answer)}`);
  const startMs = performance.now();
  while (performance.now() - startMs < withinMs) {
    await wait(POLL_MS);
    // An API that is away for a moment is no failure of the component.
    const now = (await podsOf(options).catch(() => [])).filter((pod) => pod.component === component && pod.isReady);
    const successor = now.find(({ uid }) => !own.some((pod) => pod.uid === uid));
    if (successor === undefined || now.length < own.length) continue;
    print(`${successor.name} was ready after ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
    return 0;
  }
  print(`no successor of ${victim.name} was ready within ${withinMs / 1_000} s`);
  return 1;
}

/** The API has answered, and said no. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly component: string;
  /** And not told to end. */
  readonly isReady: boolean;
}

/** The processes of the release, by name. */
async function podsOf({ client, namespace, release }: ChaosOptions): Promise<readonly Pod[]> {
  const labelSelector = `app.kubernetes.io/name=countersign,app.kubernetes.io/instance=${release},countersign.dev/agent`;
  const answer = await client.send("GET", `${path(namespace)}?${new URLSearchParams({ labelSelector })}`);
  if (!isAccepted(answer)) throw new RefusedError(`pods of ${namespace}: ${messageOf(answer)}`);
  return (answer.body.items as readonly PodObject[])
    .map(({ metadata: { name, uid, labels, deletionTimestamp }, status }) => {
      const isReady = (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
      const component = labels?.["app.kubernetes.io/component"] ?? "";
      return { name: name ?? "", uid, component, isReady: isReady && deletionTimestamp === undefined };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

interface PodObject {
  readonly metadata: KubeObject["metadata"] & { readonly uid: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function path(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

function pick<T>(from: readonly T[], seed: number, index: number): T {
  return from[Number.parseInt(hash("sha256", `${seed}/${index}`).slice(0, 8), 16) % from.length]!;
}

const POLL_MS = 500;

async function main(): Promise<number> {
  const { values } = parseOptions({
    options: {
      namespace: { type: "string", default: "" },
      release: { type: "string", default: "" },
      components: { type: "string", default: "" },
      seed: { type: "string", default: `${randomInt(2 ** 32)}` },
      within: { type: "string", default: "300" },
      api: { type: "string", default: "/var/run/secrets/kubernetes.io/serviceaccount" },
    },
  });
  const { namespace, release, api } = values;
  const components = values.components.split(",").filter((one) => one !== "");
  const [seed, withinMs] = [Number(values.seed), Number(values.within) * 1_000];
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!namespace || !release || components.length === 0 || !Number.isSafeInteger(seed) || seed < 0 || !(withinMs > 0)) {
    console.error("say --namespace, --release, --components a,b; --seed is a whole number, --within seconds above 0");
    return 2;
  }
  if (!host || !port) {
    console.error("KUBERNETES_SERVICE_HOST: this is for a pod, and no cluster is around it");
    return 2;
  }
  const read = (file: string) => readFileSync(join(api, file), "utf8").trim();
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const client = new ApiClient({ url, ca: read("ca.crt"), token: read("token") });
  try {
    return await chaos({ client, namespace, release, components, seed, withinMs, print: console.log });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    client.close();
  }
}

if (import.meta.main) process.exitCode = await main();
