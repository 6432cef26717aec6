/** What whoever runs the suite says: where, with which images, and what is not to be asked. */
import { parseArgs } from "node:util";

export interface Options {
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  /** In front of every image. */
  readonly registry: string;
  readonly tag: string;
  /** Leaves everything in the cluster. */
  readonly keep: boolean;
  /** False where the cluster's network enforces no policies: then the report says so. */
  readonly networkPolicy: boolean;
  /** Where what is left of a failure is put. */
  readonly artefacts: string | undefined;
}

/** @throws Error with one line */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: "string" },
      namespace: { type: "string", default: "countersign-e2e" },
      registry: { type: "string", default: "localhost" },
      tag: { type: "string" },
      keep: { type: "boolean", default: false },
      "no-network-policy": { type: "boolean", default: false },
      artefacts: { type: "string" },
    },
  });
  const { namespace, registry, tag, keep, artefacts } = values;
  if (tag === undefined) throw new Error("--tag is missing: which images? `npm run images` prints their tag");
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) throw new Error(`--namespace ${namespace}: no name of one`);
  const kubeconfig = values.kubeconfig ?? env.KUBECONFIG;
  return { kubeconfig, namespace, registry, tag, keep, artefacts, networkPolicy: !values["no-network-policy"] };
}
