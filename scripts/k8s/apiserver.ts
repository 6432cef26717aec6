/** A real kube-apiserver with an etcd of its own, on this machine alone: what it accepts, a cluster accepts. Nothing runs in it. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { etcd, freePorts } from "@countersign/engines";
import { SupervisedServer } from "../../packages/engines/src/server.ts";
import { neededTool } from "../tools/place.ts";
import { ApiClient, isAccepted, messageOf } from "./client.ts";
import { describe, type KubeObject } from "./manifests.ts";

export interface ApiServer extends AsyncDisposable {
  readonly client: ApiClient;
  /** For kubectl and helm. */
  readonly kubeconfig: string;
  readonly version: string;
  /** Resident memory of the kube-apiserver. */
  rssMiB(): number;
}

export interface ApiServerOptions {
  /** Those it is to know beside Kubernetes' own, as in "kafka.strimzi.io/KafkaUser": each costs time and memory. All, unless told. */
  readonly kinds?: ReadonlySet<string>;
  /** CustomResourceDefinitions that no project publishes. */
  readonly definitions?: readonly KubeObject[];
}

/** @throws Error where a program is missing or the server does not get ready */
export async function startApiServer({ kinds, definitions = [] }: ApiServerOptions = {}): Promise<ApiServer> {
  const program = neededTool("kube-apiserver");
  const schemas = neededTool("schemas");
  await using stack = new AsyncDisposableStack();
  const members = stack.use(await etcd({ nodes: 1 }));
  const dir = mkdtempSync(join(tmpdir(), "countersign-apiserver-"));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const token = randomBytes(24).toString("base64url");
  const server = new SupervisedServer({
    name: "kube-apiserver",
    command: program,
    args: serverArguments({ dir, port, token, etcd: members.endpoints }),
    graceMs: 0,
    removeAtEnd: [dir],
    logFile: join(dir, "kube-apiserver.log"),
    port,
  });
  stack.defer(() => server.end());
  await server.start();
  const ca = readFileSync(join(dir, "apiserver.crt"), "utf8");
  const url = `https://127.0.0.1:${port}`;
  const client = stack.adopt(new ApiClient({ url, ca, token }), (one) => one.close());
  await isReady(client, dir);
  const published = readCrds(join(schemas, "crds")).filter((crd) => kinds?.has(definedBy(crd)) ?? true);
  await createCrds(client, [...published, ...definitions]);
  const { body } = await client.send("GET", "/version");
  const kubeconfig = join(dir, "kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf({ url, ca, token })), { mode: 0o600 });
  const running = stack.move();
  return {
    client,
    kubeconfig,
    version: String(body.gitVersion),
    rssMiB: () => residentMiB(server.pid),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface ServerPlan {
  readonly dir: string;
  readonly port: number;
  readonly token: string;
  readonly etcd: readonly string[];
}

/** With the keys it needs, made on the spot: they are worth as much as the folder, which goes with the run. */
function serverArguments({ dir, port, token, etcd: endpoints }: ServerPlan): readonly string[] {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const accounts = join(dir, "service-accounts.key");
  writeFileSync(accounts, privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  const tokens = join(dir, "tokens.csv");
  writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const settings = {
    "etcd-servers": endpoints.map((endpoint) => `http://${endpoint}`).join(","),
    // An etcd that is given by address may hold what others keep.
    "etcd-prefix": `/countersign-${randomBytes(4).toString("hex")}`,
    "bind-address": "127.0.0.1",
    "secure-port": `${port}`,
    // Where it leaves the certificate that it signs for itself.
    "cert-dir": dir,
    "token-auth-file": tokens,
    "authorization-mode": "RBAC",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": accounts,
    "service-account-signing-key-file": accounts,
    "service-cluster-ip-range": "10.96.0.0/16",
    // Nothing here fills quotas or watches nodes.
    "disable-admission-plugins": "ResourceQuota,TaintNodesByCondition",
  };
  return Object.entries(settings).map(([option, value]) => `--${option}=${value}`);
}

async function isReady(client: ApiClient, dir: string): Promise<void> {
  for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(POLL_MS))
    if (isAccepted(await client.send("GET", "/readyz"))) return;
  throw new Error(`kube-apiserver is not ready after ${READY_MS / 1_000} s: see ${join(dir, "kube-apiserver.log")}`);
}

function readCrds(folder: string): readonly KubeObject[] {
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
}

function definedBy({ spec }: KubeObject): string {
  const { group, names } = spec as { readonly group: string; readonly names: { readonly kind: string } };
  return `${group}/${names.kind}`;
}

async function createCrds(client: ApiClient, crds: readonly KubeObject[]): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  for (const crd of crds) {
    const answer = await client.send("POST", path, crd);
    if (!isAccepted(answer)) throw new Error(`${describe(crd)} was refused: ${messageOf(answer)}`);
  }
  for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(POLL_MS)) {
    const { body } = await client.send("GET", path);
    const items = (body.items ?? []) as readonly (KubeObject & { readonly status?: CrdStatus })[];
    if (items.length === crds.length && items.every(({ status }) => isServed(status))) return;
  }
  throw new Error(`the server does not serve all of ${crds.length} definitions after ${READY_MS / 1_000} s`);
}

interface CrdStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

function isServed(status: CrdStatus | undefined): boolean {
  return (status?.conditions ?? []).some((one) => one.type === "Established" && one.status === "True");
}

function kubeconfigOf({ url, ca, token }: { readonly url: string; readonly ca: string; readonly token: string }) {
  const authority = Buffer.from(ca).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "local", cluster: { server: url, "certificate-authority-data": authority } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "local", context: { cluster: "local", user: "admin" } }],
    "current-context": "local",
  };
}

/** 0 where the system does not say. */
function residentMiB(pid: number | undefined): number {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kib ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

const READY_MS = 60_000;
const POLL_MS = 100;
