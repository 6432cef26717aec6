/** Kubernetes' API, spoken directly: one answer for each object, with the server's warnings, which kubectl prints and forgets. */
import { Agent, request } from "node:https";
import { type KubeObject, nameOf } from "./manifests.ts";

export interface ApiAnswer {
  readonly status: number;
  /** Parsed; a Status where it was refused. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Of the server: an old version of a kind, a pod that a namespace would not take. */
  readonly warnings: readonly string[];
}

export interface ApiAddress {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

export interface ApplyOptions {
  /** For an object that has none. */
  readonly namespace: string;
  /** Asks what would happen: everything is checked, nothing is kept. */
  readonly isDryRun: boolean;
  /** Under this name, as `kubectl --as` does; with every right, so that only admission says no. */
  readonly as?: string;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export class ApiClient {
  readonly #address: ApiAddress;
  readonly #agent: Agent;
  readonly #resources = new Map<string, Promise<readonly Resource[]>>();

  constructor(address: ApiAddress) {
    this.#address = address;
    this.#agent = new Agent({ keepAlive: true, ca: address.ca });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** As `kubectl apply --server-side --validate=strict` does: an unknown field or one that is said twice is an error. */
  async apply(object: KubeObject, { namespace, isDryRun, as }: ApplyOptions): Promise<ApiAnswer> {
    const path = await this.#pathOf(object, namespace);
    if (path === undefined) return refusal(`the server knows no ${object.apiVersion} ${object.kind}`);
    const query = new URLSearchParams({ fieldManager: "countersign", fieldValidation: "Strict", force: "true" });
    if (isDryRun) query.set("dryRun", "All");
    return this.send("PATCH", `${path}?${query}`, object, as === undefined ? {} : impersonating(as));
  }

  /** @throws Error where there is no server */
  send(
    method: "DELETE" | "GET" | "PATCH" | "POST",
    path: string,
    body?: KubeObject,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    const { url, token } = this.#address;
    const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const headers = { authorization: `Bearer ${token}`, accept: "application/json", "content-type": type, ...more };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, url), { method, headers, agent: this.#agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const warnings = [answer.headers.warning ?? []].flat().flatMap(readWarnings);
          resolve({ status: answer.statusCode ?? 0, body: parse(text), warnings });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async #pathOf(object: KubeObject, namespace: string): Promise<string | undefined> {
    const group = object.apiVersion.includes("/") ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const known = this.#resources.get(group) ?? this.#discover(group);
    this.#resources.set(group, known);
    const resource = (await known).find(({ kind, name }) => kind === object.kind && !name.includes("/"));
    if (resource === undefined) return undefined;
    const within = resource.namespaced ? `/namespaces/${object.metadata.namespace ?? namespace}` : "";
    return `${group}${within}/${resource.name}/${encodeURIComponent(nameOf(object))}`;
  }

  async #discover(group: string): Promise<readonly Resource[]> {
    const { status, body } = await this.send("GET", group);
    return status === 200 ? ((body.resources ?? []) as readonly Resource[]) : [];
  }
}

export function isAccepted({ status }: ApiAnswer): boolean {
  return status >= 200 && status < 300;
}

/** What the server says of a refusal. */
export function messageOf({ status, body }: ApiAnswer): string {
  return typeof body.message === "string" ? body.message : `status ${status}`;
}

function impersonating(user: string): Readonly<Record<string, string>> {
  return { "impersonate-user": user, "impersonate-group": "system:masters" };
}

function refusal(message: string): ApiAnswer {
  return { status: 404, body: { message }, warnings: [] };
}

/** Of RFC 7234, section 5.5: code, agent and a quoted text; Node joins several with commas. */
export function readWarnings(header: string): readonly string[] {
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1"));
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}
