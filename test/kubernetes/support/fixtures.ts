/** policy/fixtures: manifests, each with the rules that have to refuse it, or with none. */
import { join } from "node:path";
import { acceptedFrom } from "../../../scripts/k8s/fixtures.ts";
import { type KubeObject, readManifests } from "../../../scripts/k8s/manifests.ts";
import { root } from "../../../scripts/run.ts";
import { NAMESPACE } from "./chart.ts";

export interface Fixture {
  /** From the root of the repository. */
  readonly file: string;
  readonly object: KubeObject;
  /** In alphabetical order. */
  readonly refusedBy: readonly string[];
  /** The user who may bring it all the same. */
  readonly acceptedFrom?: string;
}

const FOLDER = "policy/fixtures";

export function readFixtures(): readonly Fixture[] {
  return readManifests(join(root, FOLDER)).map(({ file = "", object }) => {
    const names = object.metadata.annotations?.["countersign.dev/refused-by"];
    const refusedBy = (names?.split(", ") ?? []).toSorted();
    const [mustFail, isRefused] = [file.startsWith("must-fail"), refusedBy.length > 0];
    if (mustFail !== isRefused) throw new Error(`${file}: say which rule refuses it, or put it elsewhere`);
    const from = acceptedFrom({ object });
    return {
      file: `${FOLDER}/${file}`,
      object: withNamespace(object),
      refusedBy,
      ...(from !== undefined && { acceptedFrom: from }),
    };
  });
}

function withNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
}
