/**
 * JSON schemas that refuse what is not declared, out of those of Kubernetes, which say nothing about it.
 *
 * 1. An object takes the fields that are declared, and others only where its definition says so (additionalProperties,
 *    x-kubernetes-preserve-unknown-fields). In a CustomResourceDefinition one without any declared field takes none: the server would drop
 *    them. In Kubernetes' own definitions such an object stands for "anything".
 * 2. What is in allOf, anyOf, oneOf and not restricts fields that are declared beside it, and declares none.
 * 3. OpenAPI's way to say null, exclusive bounds and "integer or string" becomes that of JSON Schema.
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Schema = Readonly<Record<string, Json>>;
/** Whose schema it is: rule 1. */
type Origin = "kubernetes" | "crd";

export const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface KindSchema extends Kind {
  readonly schema: Schema;
}

/** The definitions of Kubernetes' OpenAPI document (version 2). */
export type Definitions = Readonly<Record<string, Schema>>;

export function closeDefinitions(definitions: Definitions): Definitions {
  return mapValues(definitions, (definition, name) => {
    const closed = close(definition, "kubernetes");
    // "cpu: 2" is as good as "cpu: '2'".
    return name === QUANTITY ? { ...closed, type: ["string", "number"] } : closed;
  });
}

/** Each kind among the definitions, by itself. `closed`: the same definitions, closed. */
export function kindsOf(definitions: Definitions, closed: Definitions): readonly KindSchema[] {
  return Object.entries(definitions).flatMap(([name, definition]) => {
    const kinds = (definition["x-kubernetes-group-version-kind"] ?? []) as unknown as readonly Kind[];
    const [kind, ...others] = kinds;
    // DeleteOptions and the like belong to every group; nobody keeps them in a file.
    if (kind === undefined || others.length > 0) return [];
    return [{ group: kind.group, version: kind.version, kind: kind.kind, schema: standAlone(closed[name]!, closed) }];
  });
}

/** Of each served version of a CustomResourceDefinition. `closed`: Kubernetes' definitions, for the metadata. */
export function closeCrd(crd: Readonly<Record<string, unknown>>, closed: Definitions): readonly KindSchema[] {
  const { group, names, versions } = crd.spec as CrdSpec;
  return versions
    .filter(({ served }) => served)
    .map(({ name, schema: { openAPIV3Schema } }) => {
      const root = close({ ...openAPIV3Schema, "x-kubernetes-embedded-resource": true }, "crd");
      return { group, version: name, kind: names.kind, schema: standAlone(root, closed) };
    });
}

interface CrdSpec {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly {
    readonly name: string;
    readonly served: boolean;
    readonly schema: { readonly openAPIV3Schema: Schema };
  }[];
}

/** With those definitions it refers to, and they in turn; and with what every manifest must say. */
function standAlone(root: Schema, definitions: Definitions): Schema {
  const needed = new Map<string, Schema>();
  const collect = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(collect);
    if (!isSchema(value)) return;
    const name = typeof value.$ref === "string" ? value.$ref.slice(REFERENCE.length) : undefined;
    if (name !== undefined && !needed.has(name)) {
      const definition = definitions[name];
      if (definition === undefined) throw new Error(`there is no definition ${name}`);
      needed.set(name, definition);
      collect(definition);
    }
    Object.values(value).forEach(collect);
  };
  collect(root);
  const required = (root.required ?? []) as readonly string[];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...root,
    required: [...new Set(["apiVersion", "kind", ...required])],
    definitions: Object.fromEntries(needed),
  };
}

const REFERENCE = "#/definitions/";

function close(schema: Schema, origin: Origin): Schema {
  const closed = translate(schema, (inner) => close(inner, origin));
  const isObject = schema.type === "object" || schema.properties !== undefined;
  const isOpen = schema.additionalProperties !== undefined || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const declares = origin === "crd" || schema.properties !== undefined;
  return isObject && !isOpen && declares ? { ...closed, additionalProperties: false } : closed;
}

/** A restriction: nothing in it is closed. */
function leaveOpen(schema: Schema): Schema {
  return translate(schema, leaveOpen);
}

function translate(schema: Schema, inner: (schema: Schema) => Schema): Schema {
  const translated: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(key) || key.startsWith("x-")) continue;
    if (key === "properties") translated[key] = mapValues(value as Definitions, inner);
    else if ((key === "items" || key === "additionalProperties") && isSchema(value)) translated[key] = inner(value);
    else if (key === "allOf" || key === "anyOf" || key === "oneOf")
      translated[key] = (value as readonly Schema[]).map(leaveOpen);
    else if (key === "not") translated[key] = leaveOpen(value as Schema);
    else translated[key] = value;
  }
  if (schema["x-kubernetes-embedded-resource"] === true) embedResource(translated);
  if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string") integerOrString(translated);
  if (schema.nullable === true) takeNull(translated);
  takeExclusiveBound(translated, "exclusiveMinimum", "minimum");
  takeExclusiveBound(translated, "exclusiveMaximum", "maximum");
  return translated;
}

/** Words for readers and for whoever fills in what is missing: nothing that a manifest could break. */
const ANNOTATIONS = new Set(["description", "default", "example", "externalDocs", "title", "nullable"]);

/** An object of its own has a kind and metadata, whether its schema repeats them or not. */
function embedResource(schema: Record<string, Json>): void {
  const declared = schema.properties as Schema | undefined;
  schema.properties = {
    ...declared,
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { $ref: `${REFERENCE}${OBJECT_META}` },
  };
}

function integerOrString(schema: Record<string, Json>): void {
  delete schema.anyOf;
  delete schema.format;
  schema.type = ["integer", "string"];
}

function takeNull(schema: Record<string, Json>): void {
  if (schema.type !== undefined) schema.type = [...[schema.type].flat(), "null"] as Json;
  if (schema.enum !== undefined) schema.enum = [...(schema.enum as readonly Json[]), null];
}

function takeExclusiveBound(schema: Record<string, Json>, exclusive: string, bound: string): void {
  const said = schema[exclusive];
  if (typeof said !== "boolean") return;
  delete schema[exclusive];
  if (!said) return;
  schema[exclusive] = schema[bound]!;
  delete schema[bound];
}

function mapValues(schemas: Definitions, map: (schema: Schema, name: string) => Schema): Definitions {
  return Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, map(one, name)]));
}

function isSchema(value: Json): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
