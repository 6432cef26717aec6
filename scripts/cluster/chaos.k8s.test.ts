// By a real kube-apiserver, with the rights that the chart gives: here the test is whoever makes pods, and gets them ready.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { render } from "../../test/kubernetes/support/chart.ts";
import { type ApiServer, startApiServer } from "../k8s/apiserver.ts";
import { ApiClient, isAccepted, messageOf } from "../k8s/client.ts";
import type { KubeObject } from "../k8s/manifests.ts";
import { root, run } from "../run.ts";
import { type ChaosOptions, chaos } from "./chaos.ts";

const NAMESPACE = "countersign";
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const COMPONENTS = ["signal", "policy", "validator-1"];
const api = mkdtempSync(join(tmpdir(), "countersign-chaos-"));

let server: ApiServer;
/** With the token of the service account `chaos`. */
let client: ApiClient;
let made = 0;

beforeAll(async () => {
  server = await startApiServer({ kinds: new Set() });
  for (const name of [NAMESPACE, "elsewhere"]) {
    await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } });
  }
  const values = {
    chaos: { enabled: true, confirm: NAMESPACE },
    networkPolicy: { apiServer: { to: [{ ipBlock: { cidr: "192.0.2.1/32" } }] } },
  };
  const rights = ["ServiceAccount", "Role", "RoleBinding"];
  const own = (await render({ environment: "laptop", values })).filter(
    ({ kind, metadata }) => rights.includes(kind) && metadata.name === "chaos",
  );
  expect(own.map(({ kind }) => kind).toSorted()).toEqual(rights.toSorted());
  for (const object of own) await apply(object);
  const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/chaos/token`;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata: {}, spec: {} };
  const { body } = await server.client.send("POST", account, request);
  const { token } = body.status as { readonly token: string };
  writeFileSync(join(api, "token"), token);
  const { url, ca } = addressOf(server);
  writeFileSync(join(api, "ca.crt"), ca);
  client = new ApiClient({ url, ca, token });
  for (const component of [...COMPONENTS, "policy"]) await makePod(component, { isReady: true });
}, 300_000);
afterAll(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  rmSync(api, { recursive: true, force: true });
});

it("deletes the pod that its seed says, and waits for the successor", async () => {
  const lines: string[] = [];
  const seeds = [1, 2, 3, 4, 5, 6];
  for (const seed of seeds) {
    const before = await names();
    const [code] = await Promise.all([chaos(options(seed, lines)), replaceOne(before)]);
    expect(code, lines.at(-1)).toBe(0);
    const after = await names();
    expect(before.filter((name) => !after.includes(name))).toHaveLength(1);
    expect(after).toHaveLength(before.length);
  }
  const deleted = lines.flatMap((line) => /^seed \d: deletes pod (.+)-\d+$/.exec(line)?.[1] ?? []);
  expect(deleted).toHaveLength(seeds.length);
  expect(new Set(deleted)).toEqual(new Set(COMPONENTS));
  expect(lines.at(-1)).toMatch(/^[a-z0-9-]+ was ready after \d+\.\d s$/);
}, 60_000);

it("as a program it does so too, by the files of the token", async () => {
  const before = await names();
  const url = new URL(addressOf(server).url);
  const [{ code, output }] = await Promise.all([
    run("node", [join(root, "scripts/cluster/chaos.ts"), ...args()], {
      env: { KUBERNETES_SERVICE_HOST: url.hostname, KUBERNETES_SERVICE_PORT: url.port },
    }),
    replaceOne(before),
  ]);
  expect([code, output]).toEqual([0, expect.stringMatching(/^seed 7: deletes pod .*\n.* was ready after .* s\n$/)]);
}, 60_000);

it("where nobody comes in its place it ends with 1; where one is missing it deletes nothing", async () => {
  const lines: string[] = [];
  const before = await names();
  expect(await chaos({ ...options(1, lines), withinMs: 1_500 })).toBe(1);
  expect(lines.at(-1)).toMatch(/^no successor of .* was ready within 1.5 s$/);
  const [gone = ""] = before.filter((name) => !lines.every((line) => !line.includes(name)));
  const component = gone.replace(/-\d+$/, "");
  const left = await names();
  expect(left).not.toContain(gone);
  await makePod(component, { isReady: false });
  expect(await chaos(options(2, lines))).toBe(3);
  expect(lines.at(-1)).toContain(`not ready before it began: ${component}-`);
  expect(await names()).toHaveLength(before.length);
  expect(await chaos({ ...options(2, lines), components: ["hedger"] })).toBe(3);
  expect(lines.at(-1)).toContain("hedger");
});

it("its account may list and delete pods of its namespace, and nothing else", async () => {
  const [name = ""] = await names();
  const pod = podOf("signal", "another");
  const asked = {
    "list pods": await client.send("GET", PODS),
    "read a pod": await client.send("GET", `${PODS}/${name}`),
    "read what it prints": await client.send("GET", `${PODS}/${name}/log`),
    "make a pod": await client.send("POST", PODS, pod),
    "change a pod": await client.apply(podOf("signal", name), { namespace: NAMESPACE, isDryRun: true }),
    "evict a pod": await client.send("POST", `${PODS}/${name}/eviction`, pod),
    "read secrets": await client.send("GET", `/api/v1/namespaces/${NAMESPACE}/secrets`),
    "list pods elsewhere": await client.send("GET", "/api/v1/namespaces/elsewhere/pods"),
    "delete pods elsewhere": await client.send("DELETE", "/api/v1/namespaces/elsewhere/pods/x"),
    "list pods of all namespaces": await client.send("GET", "/api/v1/pods"),
  };
  const allowed = Object.entries(asked).flatMap(([what, { status }]) => (status === 403 ? [] : [what]));
  expect(allowed).toEqual(["list pods"]);
});

it("outside of a cluster, or without a name, it says what it wants", async () => {
  const ask = (...given: readonly string[]) => run("node", [join(root, "scripts/cluster/chaos.ts"), ...given]);
  expect(await ask(...args())).toMatchObject({ code: 2, output: expect.stringContaining("KUBERNETES_SERVICE_HOST") });
  expect(await ask("--namespace", NAMESPACE)).toMatchObject({ code: 2, output: expect.stringContaining("--release") });
});

function addressOf({ kubeconfig }: ApiServer): { readonly url: string; readonly ca: string } {
  const [{ cluster }] = JSON.parse(readFileSync(kubeconfig, "utf8")).clusters;
  return { url: cluster.server, ca: Buffer.from(cluster["certificate-authority-data"], "base64").toString() };
}

function options(seed: number, lines: string[]): ChaosOptions {
  const print = (line: string) => void lines.push(line);
  return {
    client,
    namespace: NAMESPACE,
    release: "countersign",
    components: COMPONENTS,
    seed,
    withinMs: 10_000,
    print,
  };
}

function args(): readonly string[] {
  const release = ["--namespace", NAMESPACE, "--release", "countersign", "--components", COMPONENTS.join(",")];
  return [...release, "--seed", "7", "--within", "20", "--api", api];
}

/** What a controller does: another pod in place of the first that is gone, which gets ready after a moment. */
async function replaceOne(before: readonly string[]): Promise<void> {
  for (;;) {
    const now = await names();
    const gone = before.find((name) => !now.includes(name));
    if (gone !== undefined) return makePod(gone.replace(/-\d+$/, ""), { isReady: true });
    await sleep(50);
  }
}

async function makePod(component: string, { isReady }: { readonly isReady: boolean }): Promise<void> {
  const name = `${component}-${++made}`;
  await apply(podOf(component, name));
  await sleep(300);
  const status = { conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] };
  const about = { ...podOf(component, name), spec: undefined, status };
  const query = "fieldManager=kubelet&force=true";
  const answer = await server.client.send("PATCH", `${PODS}/${name}/status?${query}`, about);
  if (!isAccepted(answer)) throw new Error(messageOf(answer));
}

function podOf(component: string, name: string): KubeObject {
  const labels = {
    "app.kubernetes.io/name": "countersign",
    "app.kubernetes.io/instance": "countersign",
    "app.kubernetes.io/component": component,
    "countersign.dev/agent": component.replace(/-\d$/, ""),
  };
  const spec = {
    automountServiceAccountToken: false,
    containers: [{ name: "one", image: "registry.example.org/one:1" }],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec };
}

async function names(): Promise<readonly string[]> {
  const { body } = await server.client.send("GET", PODS);
  return (body.items as readonly KubeObject[]).map(({ metadata }) => metadata.name ?? "");
}

async function apply(object: KubeObject): Promise<void> {
  const answer = await server.client.apply(object, { namespace: NAMESPACE, isDryRun: false });
  if (!isAccepted(answer)) throw new Error(messageOf(answer));
}
