/** kubectl and helm, against one cluster and one namespace. */
import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { toolPath } from "../../scripts/tools/place.ts";

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly state: unknown }[];
  };
}

interface StorageClasses {
  readonly items: readonly { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }[];
}

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

const TIMEOUT_MS = 120_000;

export class Kube {
  readonly namespace: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(kubeconfig: string | undefined, namespace: string) {
    this.namespace = namespace;
    this.#env = kubeconfig === undefined ? process.env : { ...process.env, KUBECONFIG: kubeconfig };
  }

  kubectl(args: readonly string[], options: { readonly input?: string; readonly timeoutMs?: number } = {}) {
    return this.#run("kubectl", args, options);
  }

  /** @throws Error with what it said */
  async must(...args: readonly string[]): Promise<string> {
    const { code, out, error } = await this.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${error.trim() || out.trim()}`);
    return out;
  }

  helm(args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<Said> {
    return this.#run("helm", args, { timeoutMs });
  }

  /** @throws Error with what it said */
  async mustHelm(args: readonly string[], timeoutMs?: number): Promise<string> {
    const { code, out, error } = await this.helm(args, timeoutMs);
    if (code !== 0) throw new Error(`helm ${args.slice(0, 2).join(" ")}: ${error.trim() || out.trim()}`);
    return out;
  }

  async pods(component?: string): Promise<readonly Pod[]> {
    const selector = component === undefined ? [] : ["-l", `app.kubernetes.io/component=${component}`];
    const { items }: { readonly items: readonly Pod[] } = JSON.parse(
      await this.must("get", "pods", ...selector, "-o", "json"),
    );
    return items;
  }

  /** The pod of a component that is ready. @throws Error where there is none */
  async pod(component: string): Promise<Pod> {
    const found = (await this.pods(component)).find((pod) => isReady(pod));
    if (found === undefined) throw new Error(`${component}: no pod of it is ready`);
    return found;
  }

  /** Whether there is a default StorageClass: without one a claim would wait for ever. */
  async makesVolumes(): Promise<boolean> {
    const { items }: StorageClasses = JSON.parse(await this.must("get", "storageclasses", "-o", "json"));
    return items.some(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === "true");
  }

  /** What a program in a pod prints; agents have node and no shell. */
  exec(
    pod: string,
    command: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number } = {},
  ) {
    const input = options.input === undefined ? [] : ["-i"];
    return this.kubectl(["exec", ...input, pod, "--", ...command], options);
  }

  /** A program in a pod that goes on until it is told to end. */
  follow(pod: string, command: readonly string[], input: string) {
    const child = spawn(program("kubectl"), ["-n", this.namespace, "exec", "-i", pod, "--", ...command], {
      env: this.#env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    return child;
  }

  #run(
    name: "kubectl" | "helm",
    args: readonly string[],
    { input, timeoutMs = TIMEOUT_MS }: { readonly input?: string; readonly timeoutMs?: number },
  ): Promise<Said> {
    const child = spawn(program(name), ["-n", this.namespace, ...args], { env: this.#env });
    const timer = setTimeout(() => child.kill(), timeoutMs);
    const [out, error]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => error.push(chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once("error", ({ message }) => reject(new Error(`${name}: ${message}: npm run tools -- ${name}`)));
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? 1, out: String(Buffer.concat(out)), error: String(Buffer.concat(error)) });
      });
    });
  }
}

export function isReady({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.conditions?.find(({ type }) => type === "Ready")?.status === "True"
  );
}

/** Of a Job that is done. */
export function isOver({ status }: Pod): boolean {
  return status.phase === "Succeeded";
}

export function componentOf({ metadata }: Pod): string {
  return metadata.labels["app.kubernetes.io/component"] ?? metadata.name;
}

/** What `look` found, as soon as it found something. @throws Error with `what` when the time is over */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (const end = performance.now() + withinMs; ; await wait(500)) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not so within ${withinMs / 1_000} s: ${what}`);
  }
}

function program(name: "kubectl" | "helm"): string {
  return toolPath(name) ?? name;
}
