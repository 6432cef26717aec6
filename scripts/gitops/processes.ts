/** The processes of the chart's topology, each an identity of its own, with what the secrets and databases of one are called. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.ts";

export interface ProcessIdentity {
  /** Of its workload, service account, Kafka user and path in Vault. */
  readonly name: string;
  readonly agent: string;
  /** Of its login and schema: PostgreSQL's names have no hyphen without quotes. */
  readonly schema: string;
  /** Keys it signs with, in the words of its key files. */
  readonly purposes: readonly string[];
  /** The PostgreSQL that holds its schema: validators have one each, so that two of three votes never lie in one database. */
  readonly database: string;
  /** Properties of its path in Vault, and nothing else is read from there. */
  readonly secrets: readonly string[];
}

interface Topology {
  readonly agents: Readonly<Record<string, { readonly processes: readonly string[] }>>;
}

const SHARED_DATABASE = "postgres";

export function readProcesses(): readonly ProcessIdentity[] {
  const path = join(root, "charts", "countersign", "files", "topology.json");
  return processesOf(JSON.parse(readFileSync(path, "utf8")) as Topology);
}

function processesOf({ agents }: Topology): readonly ProcessIdentity[] {
  return Object.entries(agents)
    .flatMap(([agent, { processes }]) => processes.map((name) => describe(name, agent)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function describe(name: string, agent: string): ProcessIdentity {
  const purposes = ["envelope", ...(FURTHER_PURPOSES[agent] ?? [])];
  return {
    name,
    agent,
    schema: name.replaceAll(/[^a-z0-9]/g, "_"),
    purposes,
    database: agent === "validator" ? `${SHARED_DATABASE}-${name}` : SHARED_DATABASE,
    secrets: [
      ...purposes.map((purpose) => `${purpose}-key`),
      "postgres-password",
      "redis-password",
      ...venueKey(agent),
    ],
  };
}

/** As genesis grants them. */
const FURTHER_PURPOSES: Readonly<Record<string, readonly string[]>> = {
  policy: ["permit"],
  compliance: ["checkpoint"],
  validator: ["vote", "checkpoint"],
};

/** Execution trades with its key; a validator's only reads. */
function venueKey(agent: string): readonly string[] {
  if (agent === "execution") return ["venue-key"];
  return agent === "validator" ? ["drop-copy-key"] : [];
}
