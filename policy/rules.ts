/**
 * The rules of the chart's files/admission, as data. Each is written once, in CEL for the API server and in Rego for Gatekeeper and
 * conftest: the chart renders the first two, policy/rego.ts the third. What they ask for beside an object is the same for all three.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";
import { COMPARED } from "../platform/src/canary.ts";
import type { Topology } from "../platform/src/topology.ts";

export interface Rule {
  /** Its file's. */
  readonly name: string;
  /** What it must: "not run as root". */
  readonly says: string;
  /** A kind, or what is looked for in whichever kind of workload. */
  readonly of: "container" | "pod" | "KafkaTopic" | "KafkaUser" | "NetworkPolicy" | "AuthorizationPolicy";
  /** Holds where this value of `admission` is set. */
  readonly when?: "digests";
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly cel: string;
  readonly rego: string;
}

export interface Parameters {
  readonly topics: readonly string[];
  readonly users: Readonly<Record<string, Grants>>;
  /** Service accounts that speak with the Kubernetes API. */
  readonly apiAccounts: readonly string[];
}

interface Grants {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly groups: readonly string[];
}

const chart = new URL("../charts/countersign/", import.meta.url);
const folder = new URL("files/admission/", chart);

export function readRules(): readonly Rule[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => ({ ...parse(readFileSync(new URL(file, folder), "utf8")), name: basename(file, ".yaml") }));
}

/** The lines that stand around a rule's own. */
export function readFrame(of: Rule["of"]): string {
  const name = of === "container" || of === "pod" ? of : "object";
  return readFileSync(new URL(`frames/${name}.rego`, folder), "utf8");
}

interface Scope {
  readonly group: string;
  readonly kinds: readonly string[];
}

/** Of what a rule speaks, in the API's words. */
export function scopeOf(of: Rule["of"]): readonly Scope[] {
  const scopes: Readonly<Record<string, readonly Scope[]>> = JSON.parse(
    readFileSync(new URL("scopes.json", folder), "utf8"),
  );
  const scope = scopes[of === "pod" ? "container" : of];
  if (scope === undefined) throw new Error(`scopes.json has no ${of}`);
  return scope;
}

export function readTopology(): Topology {
  return JSON.parse(readFileSync(new URL("files/topology.json", chart), "utf8"));
}

/** As the chart has them with everything on. */
export function parametersOf({ topics, agents, exchange, desk }: Topology): Parameters {
  const users: Record<string, Grants> = {
    "paper-exchange": grants(exchange.reads, []),
    desk: grants(desk.reads, desk.writes),
    "signal-canary": grants([...(agents.signal?.reads ?? []), { topic: COMPARED, as: "every" }], []),
  };
  for (const { processes, reads, writes, group } of Object.values(agents))
    for (const process of processes) users[process] = grants(reads, writes, group);
  return { topics: topics.map(({ topic }) => topic), users, apiAccounts: ["chaos"] };
}

function grants(reads: Topology["desk"]["reads"], writes: readonly string[], group?: string): Grants {
  return { reads: reads.map(({ topic }) => topic), writes, groups: group === undefined ? [] : [group] };
}
