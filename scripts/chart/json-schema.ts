/** JSON Schema, draft 2020-12, in as few words as a chart's values need: every object is closed unless it says otherwise. */

export type Schema = Readonly<Record<string, unknown>>;

export function object(properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  return { type: "object", additionalProperties: false, properties, ...more };
}

/** Names of the user's own choice, such as labels. */
export function map(values: Schema, more: Schema = {}): Schema {
  return { type: "object", additionalProperties: values, ...more };
}

export function list(items: Schema, more: Schema = {}): Schema {
  return { type: "array", items, ...more };
}

export function oneOf(...values: readonly string[]): Schema {
  return { enum: values };
}

export function integer(minimum: number, maximum: number): Schema {
  return { type: "integer", minimum, maximum };
}

export function text(pattern?: string, more: Schema = {}): Schema {
  return { type: "string", ...(pattern !== undefined && { pattern }), ...more };
}

export const anyText: Schema = { type: "string" };
export const flag: Schema = { type: "boolean" };
export const openObject: Schema = { type: "object" };
