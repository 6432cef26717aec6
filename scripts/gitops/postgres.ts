/** A login per process and a schema of its own, as CloudNativePG is told: roles in a patch of the cluster, schemas in its Database. */
import { stringify } from "yaml";
import type { ProcessIdentity } from "./processes.ts";

const DIR = "k8s/data/base/gen";
const HEADER = "# Generated from the chart's topology by scripts/gitops/generate.ts.\n";
/** May connect; what a login may write is the schema that it owns. */
const GROUP = "agents";
export function postgresFiles(
  processes: readonly ProcessIdentity[],
): readonly (readonly [path: string, text: string])[] {
  const databases = [...new Set(processes.map(({ database }) => database))].toSorted();
  return databases.flatMap((database) => {
    const own = processes.filter((one) => one.database === database);
    return [
      [`${DIR}/${database}-roles.yaml`, HEADER + stringify(rolesPatch(database, own))],
      [`${DIR}/${database}-database.yaml`, HEADER + stringify(databaseOf(database, own))],
    ] as const;
  });
}

function rolesPatch(database: string, logins: readonly ProcessIdentity[]) {
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "Cluster",
    metadata: { name: database },
    spec: { managed: { roles: logins.map(role) } },
  };
}

function role({ name, schema }: ProcessIdentity) {
  return {
    name: schema,
    ensure: "present",
    login: true,
    superuser: false,
    createdb: false,
    createrole: false,
    inherit: true,
    inRoles: [GROUP],
    connectionLimit: CONNECTIONS,
    passwordSecret: { name: `${name}-postgres` },
  };
}

/** A process' pool has four; two processes of one name, and a successor beside its predecessor. */
const CONNECTIONS = 16;

function databaseOf(database: string, own: readonly ProcessIdentity[]) {
  return {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "Database",
    metadata: { name: database, annotations: { "argocd.argoproj.io/sync-wave": "-1" } },
    spec: {
      name: "countersign",
      cluster: { name: database },
      owner: "countersign",
      // What is in it outlives whoever deletes this object.
      databaseReclaimPolicy: "retain",
      schemas: own.map(({ schema }) => ({ name: schema, owner: schema, ensure: "present" })),
    },
  };
}
