/**
 * A cluster is a folder: what it is (`cluster.json`, no secrets), who may sign with what (`keys/`, one file a key, for its owner's eyes
 * only), where its database is (`secrets.json`), and what its processes say (`logs/`). A process is given the folder and its own name.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../inputs.ts";
import { checked, readJson } from "./checked.ts";
import { secretsSchema, specSchema } from "./cluster-schema.ts";

export interface ClusterSpec {
  readonly format: typeof FORMAT;
  /** `paper`: at the paper exchange. `shadow`: by the same way, with an exchange in Execution's own process, to which no other leads. */
  readonly mode: "paper" | "shadow";
  /** Names this cluster, for ever: in its genesis and in front of its engines' names. */
  readonly platform: string;
  readonly account: string;
  readonly currency: string;
  readonly deposit: string;
  /** Who founded it. */
  readonly person: string;
  /** … and with whom: in shadow trading is opened, and halts are released, by two. */
  readonly cofounders?: readonly string[];
  readonly traded: readonly string[];
  readonly hedge: string | null;
  /** Files by absolute paths, or by those within the clone. */
  readonly market: {
    readonly traces: readonly { readonly path: string; readonly symbol?: string }[];
    /** ISO 8601; before `from` the views warm up. */
    readonly from?: string;
    readonly to?: string;
    /** Seconds of the trace in one second. */
    readonly speed: number;
  };
  readonly strategies: readonly string[];
  /** A copy in the folder. */
  readonly limits: string;
  readonly settings: {
    readonly ceiling: { readonly notional: string; readonly persons: number };
    readonly portfolio: { readonly targetVolatility: number; readonly weightMax: number; readonly noTradeBand: number };
    readonly hedge: { readonly band: number; readonly bandInStress: number; readonly effectivenessMin: number };
    readonly venueLatencyMs: number;
    /** Agents without which, after so long, the Operator closes trading; a person has to open it again. None unless said. */
    readonly operator?: { readonly closesWithout: readonly string[]; readonly closesAfterMs?: number };
  };
  /** host:port of each broker. */
  readonly kafka: readonly string[];
  /** host:port of each member, where the certified logs are; a cluster founded without has them in its PostgreSQL. */
  readonly etcd?: readonly string[];
  /** Processes that answer for an agent, where there are several. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** host:port of the gRPC server of each of an agent's processes. */
  readonly servers: Readonly<Record<string, readonly string[]>>;
  /** host:port of each process' health and metrics. */
  readonly health: Readonly<Record<string, string>>;
  /** host:port of the paper exchange; in shadow there is none. */
  readonly venue?: string;
  /** The serialised ProposeRequest, base64. */
  readonly genesis: string;
  /** The founders' signatures under the opening, each a serialised Signed, base64. */
  readonly openings: readonly string[];
}

/** The n-th process of an agent, from 0: `policy`, `policy.2`, `policy.3`. */
export function processName(agent: string, n: number): string {
  return n === 0 ? agent : `${agent}.${n + 1}`;
}

/** Whose process it is, and which of them, from 0. */
export function agentOf(process: string): { readonly agent: string; readonly n: number } {
  const [, agent = process, number = "1"] = /^(.*)\.(\d+)$/.exec(process) ?? [];
  return { agent, n: Number(number) - 1 };
}

export interface Secrets {
  /** PostgreSQL, with its password. The paper exchange has none. */
  readonly postgres?: string;
  /** Where there is one, with its password if it has one. */
  readonly redis?: string | undefined;
  /** What Execution shows at the venue; in shadow there is none. */
  readonly venueKey?: string;
  /** What each validator shows there, and can only read with; without, there are no drop copies. */
  readonly dropCopyKeys?: Readonly<Record<string, string>>;
}

/** @throws InputError where none is described, or one in the words of another version */
export function readSpec(dir: string): ClusterSpec {
  const path = join(dir, SPEC);
  const spec = readJson(path, "no cluster is described there: make one with `countersign up` or `countersign found`");
  const format = (spec as { format?: unknown } | null)?.format;
  if (format === FORMAT) return checked(path, specSchema, spec);
  const text = `a cluster of format ${String(format)}, and this version has ${FORMAT}: found another with --dir`;
  throw new InputError("BAD_OPTION", `${path}: ${text}`);
}

/** As they are now: a file may be replaced while processes run. @throws InputError, never with a secret in it */
export function readSecrets(dir: string): Secrets {
  const path = join(dir, SECRETS);
  return checked(
    path,
    secretsSchema,
    readJson(path, "no secrets are there: restore the folder from your copy, or mount the process' Secret"),
  );
}

/** Of the cluster's database. @throws InputError where the folder names none */
export function postgresUrl(dir: string): string {
  const { postgres } = readSecrets(dir);
  if (postgres === undefined)
    throw new InputError("BAD_OPTION", `${join(dir, SECRETS)}: postgres: missing: ${POSTGRES}`);
  const ca = join(dir, "postgres", "ca.crt");
  if (!existsSync(ca) || postgres.includes("sslrootcert=") || !postgres.includes("sslmode=")) return postgres;
  const url = new URL(postgres);
  url.searchParams.set("sslrootcert", ca);
  return url.href;
}

/** Whether this folder may use the database: a person's may not have to. */
export function hasDatabase(dir: string): boolean {
  return existsSync(join(dir, SECRETS)) && readSecrets(dir).postgres !== undefined;
}

/** @throws InputError where a shadow cluster could reach a venue: it has no key that one would take, and no address. */
export function checkShadow({ mode, venue }: ClusterSpec, { venueKey, dropCopyKeys }: Secrets): void {
  if (mode !== "shadow") return;
  const hasKeys = venueKey !== undefined || dropCopyKeys !== undefined;
  if (hasKeys) throw new InputError("BAD_OPTION", `${SECRETS}: a shadow cluster holds no key of a venue: remove it`); // P11.credentials
  if (venue !== undefined) throw new InputError("BAD_OPTION", `${SPEC}: no way leads from a shadow cluster to a venue`); // P11.route
}

/** Where Execution trades, and what it shows there. @throws InputError where the folder lacks either: an empty key would open for nobody's */
export function venueOf(
  { venue }: ClusterSpec,
  { venueKey }: Pick<Secrets, "venueKey">,
): { readonly address: string; readonly apiKey: string } {
  if (!venue) throw new InputError("BAD_OPTION", `${SPEC}: the address of the venue is missing`);
  if (!venueKey) throw new InputError("BAD_OPTION", `${SECRETS}: the key for the venue is missing`);
  return { address: venue, apiKey: venueKey };
}

/** Each file whole or not at all: processes may be reading. */
export function writeSpec(dir: string, spec: ClusterSpec): void {
  writeWhole(join(dir, SPEC), spec, 0o644);
}

export function writeSecrets(dir: string, secrets: Secrets): void {
  writeWhole(join(dir, SECRETS), secrets, 0o600);
}

export function keysDir(dir: string): string {
  return join(dir, "keys");
}

export function logsDir(dir: string): string {
  const path = join(dir, "logs");
  mkdirSync(path, { recursive: true });
  return path;
}

/** 2: mode, and the founders' signatures. */
export const FORMAT = 2;
const SPEC = "cluster.json";
const SECRETS = "secrets.json";
const POSTGRES = "give postgres://user:password@host:5432/database";

function writeWhole(path: string, value: unknown, mode: number): void {
  writeFileSync(`${path}.writing`, `${JSON.stringify(value, null, 2)}\n`, { mode });
  renameSync(`${path}.writing`, path);
}
