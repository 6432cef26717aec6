/** Vault's side: one policy and one Kubernetes role a process, so that a service account reads its own path and no other. */
import type { ProcessIdentity } from "./processes.ts";

const DIR = "k8s/secrets/vault/gen";
const HEADER = "# Generated from the chart's topology by scripts/gitops/generate.ts.\n";
/** No agents: the key of the object store, the paper exchange's keys, Redis' users as hashes. */
const OTHERS = ["backup", "paper-exchange", "redis"];

export function vaultFiles(processes: readonly ProcessIdentity[]): readonly (readonly [path: string, text: string])[] {
  const names = [...processes.map(({ name }) => name), ...OTHERS].toSorted();
  return [
    ...names.map((name) => [`${DIR}/${name}.hcl`, policy(name)] as const),
    [`${DIR}/roles.json`, `${JSON.stringify(Object.fromEntries(names.map((name) => [name, role(name)])), null, 2)}\n`],
  ];
}

/** KV version 2: a secret is read under data/, and its versions are not listed. */
function policy(name: string): string {
  return `${HEADER}path "countersign/data/${name}" {\n  capabilities = ["read"]\n}\n`;
}

/** The body of auth/kubernetes/role/countersign-<name>. */
function role(name: string) {
  return {
    bound_service_account_names: [name],
    bound_service_account_namespaces: ["countersign"],
    audience: "vault",
    alias_name_source: "serviceaccount_name",
    token_policies: [`countersign-${name}`],
    token_ttl: "10m",
    token_max_ttl: "10m",
    token_no_default_policy: true,
  };
}
