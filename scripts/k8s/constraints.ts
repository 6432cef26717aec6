/** Kinds that are there when Gatekeeper has read a template: here nothing runs, so their definitions are made as it makes them. */
import type { Schema } from "../tools/schemas/close.ts";
import type { KubeObject } from "./manifests.ts";

const GROUP = "constraints.gatekeeper.sh";
const text = { type: "string" };
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** What a constraint may say of where it holds. */
const match = {
  type: "object",
  properties: {
    ...Object.fromEntries(["name", "scope", "source"].map((name) => [name, text])),
    ...Object.fromEntries(["labelSelector", "namespaceSelector"].map((name) => [name, anything])),
    ...Object.fromEntries(["namespaces", "excludedNamespaces"].map((name) => [name, listOf(text)])),
    kinds: listOf({ type: "object", properties: { apiGroups: listOf(text), kinds: listOf(text) } }),
  },
};

/** One CustomResourceDefinition for each ConstraintTemplate among these. */
export function constraintDefinitions(objects: readonly KubeObject[]): readonly KubeObject[] {
  const templates = objects.filter(({ kind }) => kind === "ConstraintTemplate");
  return [...new Map(templates.map((template) => [template.metadata.name, definitionOf(template)])).values()];
}

function definitionOf({ spec }: KubeObject): KubeObject {
  const { names, validation } = (spec as TemplateSpec).crd.spec;
  const plural = names.kind.toLowerCase();
  const parameters = validation?.openAPIV3Schema ?? { type: "object" };
  const constraint = { match, parameters, enforcementAction: text, scopedEnforcementActions: listOf(anything) };
  const openAPIV3Schema = {
    type: "object",
    properties: { metadata: { type: "object" }, spec: { type: "object", properties: constraint } },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind: names.kind, plural, singular: plural, listKind: `${names.kind}List` },
      scope: "Cluster",
      versions: [{ name: "v1beta1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

interface TemplateSpec {
  readonly crd: {
    readonly spec: {
      readonly names: { readonly kind: string };
      readonly validation?: { readonly openAPIV3Schema?: Schema };
    };
  };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}
