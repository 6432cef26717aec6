/** Manifests that the rules of the chart have to refuse, and such that they have to let pass. */
import { join } from "node:path";
import { root } from "../run.ts";
import { type Manifest, readManifests } from "./manifests.ts";

const folder = join(root, "policy", "fixtures");

export function mustFail(): readonly Manifest[] {
  return readManifests(join(folder, "must-fail"));
}

export function mustPass(): readonly Manifest[] {
  return readManifests(join(folder, "must-pass"));
}

/** Those rules of which one has to refuse it: the fixture says so itself. */
export function refusedBy({ file, object }: Manifest): readonly string[] {
  const said = object.metadata.annotations?.["countersign.dev/refused-by"];
  if (said === undefined) throw new Error(`policy/fixtures/must-fail/${file} does not say which rule refuses it`);
  return said.split(/,\s*/);
}

/** Whoever may bring it all the same: operators, and Kubernetes' own controllers for what operators made. */
export function acceptedFrom({ object }: Manifest): string | undefined {
  return object.metadata.annotations?.["countersign.dev/accepted-from"];
}
