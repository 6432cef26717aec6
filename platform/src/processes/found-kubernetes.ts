/**
 * Founding a cluster whose processes are pods. Written on the founder's machine:
 *
 *   values.yaml    what everybody may know: for `helm install -f`
 *   secrets.yaml   one Secret a process with exactly its own keys and addresses, and one with its certificate: for `kubectl apply -f`
 *   keys/          the persons' keys; they go nowhere from here, unless the founder asks for a desk in the cluster
 *
 * The keys of the processes are in `secrets.yaml` alone: whoever has that file can be every process.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";
import { type Authority, makeAuthority } from "@countersign/certificates";
import { stringify } from "yaml";
import { VALIDATORS } from "../genesis.ts";
import { cloneFile, InputError, loadLimits } from "../inputs.ts";
import { FORMAT, keysDir, type Secrets } from "./cluster.ts";
import { type ClusterChoice, processesOf, rootOfTrust, venueKeys } from "./found.ts";
import { sealFounding } from "./founding.ts";
import { FreshKeys } from "./fresh-keys.ts";
import { schemaOf, VENUE } from "./process.ts";

export interface KubernetesChoice extends Omit<ClusterChoice, "kafka" | "etcd" | "replicas"> {
  readonly namespace: string;
  /**
   * Where PostgreSQL and Redis are: URLs in which `{process}` stands for the process' login, and `{password}` for one that is made for it.
   * Without, the chart's own engines are meant, for development, with passwords that are made here.
   */
  readonly engines?: { readonly postgres: string; readonly redis?: string };
  /** Whether the persons' keys go into the cluster too, for the desk there: for a laptop, where that is the same machine. */
  readonly desk: boolean;
}

export interface Founded {
  readonly platform: string;
  readonly values: string;
  readonly secrets: string;
  readonly keys: string;
  /** Names of the Secrets. */
  readonly names: readonly string[];
}

/** Writes the folder. @throws InputError where a cluster was founded there already, or a file cannot be in the image */
export function foundForKubernetes(dir: string, choice: KubernetesChoice): Founded {
  const [values, secrets] = [join(dir, "values.yaml"), join(dir, "secrets.yaml")];
  for (const path of [values, secrets, keysDir(dir)])
    if (existsSync(path))
      throw new InputError(
        "BAD_OPTION",
        `${path}: a cluster was founded there already: name another folder with --dir`,
      );
  const { namespace, desk, engines, ...chosen } = choice;
  const limits = loadLimits(choice.limits);
  const keys = new FreshKeys();
  const root = rootOfTrust(choice, keys, limits.digest);
  const spec = {
    ...chosen,
    ...root,
    format: FORMAT,
    market: {
      ...choice.market,
      traces: choice.market.traces.map((trace) => ({ ...trace, path: inImage(trace.path) })),
    },
    strategies: choice.strategies.map(inImage),
    limits: basename(choice.limits),
  };
  const founding = sealFounding(spec, keys, Date.now());
  const persons = [choice.person, ...(choice.cofounders ?? [])];
  const personal = Object.assign({}, ...persons.map((person) => keys.filesOf(person))) as Record<string, string>;
  const all = secretsOf(choice, keys, desk ? personal : {});
  const cluster = { ...spec, limitsFile: Buffer.from(limits.bytes).toString("utf8"), founding };
  const rest = {
    ...(engines === undefined && { engines: { enabled: true } }),
    desk: { enabled: true, keys: desk ? Object.keys(personal) : [] },
  };
  mkdirSync(keysDir(dir), { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(personal)) writeFileSync(join(keysDir(dir), name), text, OWNERS);
  writeFileSync(secrets, `${SECRETS_HEAD}${all.map((one) => manifest(namespace, one)).join("---\n")}`, OWNERS);
  writeFileSync(values, `${VALUES_HEAD}${stringify({ cluster, ...rest }, YAML)}`, { flag: "wx" });
  return { platform: root.platform, values, secrets, keys: keysDir(dir), names: all.map(({ name }) => name) };
}

interface Secret {
  readonly name: string;
  readonly type?: "kubernetes.io/tls";
  readonly files: Readonly<Record<string, string>>;
}

function secretsOf(
  choice: KubernetesChoice,
  keys: FreshKeys,
  personal: Readonly<Record<string, string>>,
): readonly Secret[] {
  const { namespace, mode, engines } = choice;
  const own = { postgres: password(), redis: password() };
  const venue = mode === "paper" ? venueKeys() : undefined;
  const addresses = (process: string): Secrets => {
    const { postgres, redis } = engines ?? {
      postgres: `postgres://countersign:${own.postgres}@postgres:5432/countersign`,
      redis: `redis://:${own.redis}@redis:6379`,
    };
    return { postgres: filled(postgres, process), ...(redis !== undefined && { redis: filled(redis, process) }) };
  };
  const venueOf = (process: string): Secrets => {
    if (venue === undefined) return {};
    if (process === VENUE) return venue;
    if (process === "execution") return { venueKey: venue.venueKey };
    const key = venue.dropCopyKeys[process];
    return key === undefined ? {} : { dropCopyKeys: { [process]: key } };
  };
  const json = (secrets: Secrets) => ({ "secrets.json": `${JSON.stringify(secrets, null, 2)}\n` });
  const processes = processesOf({ mode });
  const authority = makeAuthority({ name: `countersign ${namespace}`, fromMs: Date.now() - HOUR_MS, days: DAYS });
  return [
    ...processes.map((name) => {
      const secrets = { ...(name !== VENUE && addresses(name)), ...venueOf(name) };
      return { name, files: { ...json(secrets), ...keys.filesOf(name) } };
    }),
    // Commands speak to the brokers and to processes, and to no database.
    ...(Object.keys(personal).length === 0 ? [] : [{ name: "desk", files: personal }]),
    ...(engines === undefined ? [{ name: "engines", files: own }] : []),
    ...[...processes, "desk", "found"].map((name) => certificateOf(name, namespace, authority)),
  ];
}

function certificateOf(name: string, namespace: string, authority: Authority): Secret {
  const agents = (VALIDATORS as readonly string[]).includes(name) ? ["validator"] : [];
  const services = [`${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  const { cert, key } = authority.issue(name, ...agents, ...services);
  const text = (pem: Uint8Array) => Buffer.from(pem).toString();
  const files = { "ca.crt": text(authority.ca), "tls.crt": text(cert), "tls.key": text(key) };
  return { name: `${name}-tls`, type: "kubernetes.io/tls", files };
}

function manifest(namespace: string, { name, type = undefined, files }: Secret): string {
  const labels = { "app.kubernetes.io/name": "countersign", "app.kubernetes.io/component": name.replace(/-tls$/, "") };
  const metadata = { name, namespace, labels };
  return stringify({ apiVersion: "v1", kind: "Secret", metadata, type: type ?? "Opaque", stringData: files }, YAML);
}

/** A login is called like the process' schema. */
function filled(url: string, process: string): string {
  const text = url.replaceAll("{process}", schemaOf(process)).replaceAll("{password}", password());
  if (!URL.canParse(text))
    throw new InputError("BAD_OPTION", `${url}: no URL: give postgres://{process}:{password}@host:5432/database`);
  return text;
}

function password(): string {
  return randomBytes(24).toString("hex");
}

/** A file of the clone is in every image, at the same place below its root; of another one nobody knows where. */
function inImage(path: string): string {
  const within = relative(cloneFile("."), path);
  if (!within.startsWith("..") && !isAbsolute(within)) return within;
  const cure = "put it into the checkout from which the images are built, such as below markets/ or strategies/";
  throw new InputError("BAD_OPTION", `${path}: not in the images: ${cure}`);
}

const HOUR_MS = 3_600_000;
/** Of the certificates. In production cert-manager renews them. */
const DAYS = 730;
const OWNERS = { mode: 0o600, flag: "wx" } as const;
const YAML = { lineWidth: 0 } as const;
const SECRETS_HEAD = `# Whoever has this file can be every process of the cluster. Apply it, then remove it, or keep it where keys are kept.
`;
const VALUES_HEAD = `# A cluster as it was founded. Nothing here is secret, and nothing can be changed: the genesis names it by digest.
`;
