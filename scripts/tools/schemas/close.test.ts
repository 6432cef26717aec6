import { describe, expect, it } from "vitest";
import { closeCrd, closeDefinitions, kindsOf, OBJECT_META, type Schema } from "./close.ts";

const kubernetes = {
  [OBJECT_META]: {
    description: "who it is",
    properties: { labels: { type: "object", additionalProperties: { type: "string" } }, name: { type: "string" } },
    type: "object",
  },
  Deployment: {
    properties: {
      metadata: { $ref: `#/definitions/${OBJECT_META}` },
      spec: { $ref: "#/definitions/Spec" },
    },
    type: "object",
    "x-kubernetes-group-version-kind": [{ group: "apps", kind: "Deployment", version: "v1" }],
  },
  Spec: { properties: { replicas: { type: "integer" }, port: { $ref: "#/definitions/IntOrString" } }, type: "object" },
  IntOrString: { format: "int-or-string", type: "string" },
  RawExtension: { type: "object" },
  DeleteOptions: {
    properties: {},
    type: "object",
    "x-kubernetes-group-version-kind": [
      { group: "", kind: "DeleteOptions", version: "v1" },
      { group: "apps", kind: "DeleteOptions", version: "v1" },
    ],
  },
} as const satisfies Record<string, Schema>;
const closed = closeDefinitions(kubernetes);

function crd(spec: Schema, more: Schema = {}): Schema {
  const openAPIV3Schema = { type: "object", properties: { metadata: { type: "object" }, spec, ...more } };
  return {
    spec: {
      group: "example.dev",
      names: { kind: "Widget" },
      versions: [
        { name: "v1", served: true, schema: { openAPIV3Schema } },
        { name: "v1alpha1", served: false, schema: { openAPIV3Schema } },
      ],
    },
  };
}

/** The closed schema of `spec`. */
function closeSpec(spec: Schema): Schema {
  const [kind] = closeCrd(crd(spec), closed);
  return (kind!.schema.properties as { spec: Schema }).spec;
}

describe("Kubernetes' own definitions", () => {
  it("an object that declares fields takes no others; one that declares none takes all", () => {
    expect(closed.Spec).toHaveProperty("additionalProperties", false);
    expect(closed.RawExtension).not.toHaveProperty("additionalProperties");
  });

  it("a map keeps what it says of its values", () => {
    expect(closed[OBJECT_META]?.properties).toHaveProperty("labels.additionalProperties", { type: "string" });
  });

  it("each kind stands alone, with all that it refers to and nothing else", () => {
    const [deployment, ...others] = kindsOf(kubernetes, closed);
    expect(others).toEqual([]);
    expect(deployment).toMatchObject({ group: "apps", version: "v1", kind: "Deployment" });
    expect(Object.keys(deployment!.schema.definitions!)).toEqual([OBJECT_META, "Spec", "IntOrString"]);
    expect(deployment!.schema.required).toEqual(["apiVersion", "kind"]);
  });

  it("a reference to nothing is said", () => {
    const broken = { ...kubernetes, Spec: { $ref: "#/definitions/Gone" } };
    expect(() => kindsOf(broken, closeDefinitions(broken))).toThrow("there is no definition Gone");
  });

  it("an integer or a string is either", () => {
    expect(closed.IntOrString).toEqual({ type: ["integer", "string"] });
  });
});

describe("a CustomResourceDefinition", () => {
  it("is closed in each served version, and its metadata are those of every object", () => {
    const kinds = closeCrd(crd({ type: "object" }), closed);
    expect(kinds.map(({ version }) => version)).toEqual(["v1"]);
    expect(kinds[0]!.schema).toMatchObject({
      additionalProperties: false,
      properties: { metadata: { $ref: `#/definitions/${OBJECT_META}` } },
      definitions: { [OBJECT_META]: { additionalProperties: false } },
    });
  });

  it("an object without fields takes none", () => {
    expect(closeSpec({ type: "object" })).toEqual({ type: "object", additionalProperties: false });
  });

  it("an object that keeps unknown fields takes them, and those below it do not", () => {
    const inner = { type: "object", properties: { a: { type: "string" } } };
    const spec = closeSpec({ type: "object", properties: { inner }, "x-kubernetes-preserve-unknown-fields": true });
    expect(spec).not.toHaveProperty("additionalProperties");
    expect(spec).toHaveProperty("properties.inner.additionalProperties", false);
  });

  it("items of lists and values of maps are closed, too", () => {
    const item = { type: "object", properties: { a: { type: "string" } } };
    expect(closeSpec({ type: "array", items: item })).toHaveProperty("items.additionalProperties", false);
    const map = closeSpec({ type: "object", additionalProperties: item });
    expect(map).toHaveProperty("additionalProperties.additionalProperties", false);
  });

  it("a restriction in oneOf stays one: it closes nothing", () => {
    const properties = { a: { type: "string" }, b: { type: "string" } };
    const oneOf = [{ properties: { a: {} }, required: ["a"] }, { not: { required: ["a"] } }];
    expect(closeSpec({ type: "object", properties, oneOf })).toHaveProperty("oneOf", oneOf);
  });

  it("null, bounds and integer-or-string are said as JSON Schema says them", () => {
    const spec = closeSpec({
      type: "object",
      properties: {
        description: { type: "string", nullable: true, enum: ["a"], description: "a field of this name" },
        ratio: { type: "number", minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: false },
        port: { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
      },
    });
    expect(spec.properties).toEqual({
      description: { type: ["string", "null"], enum: ["a", null] },
      ratio: { type: "number", exclusiveMinimum: 0, maximum: 1 },
      port: { type: ["integer", "string"] },
    });
  });
});
