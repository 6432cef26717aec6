import type { Counts } from "./counts.ts";
import type { Features, Marks, Put } from "./port.ts";
import { decodeFeatures, decodeMark, encodeFeatures, encodeMark, featuresSchema, markSchema } from "./values.ts";

/** What an adapter keeps: one text per key, which only moves forward. */
export interface Slots {
  /** Undefined when there is none, or nobody can say; a text that no schema has for something else than a text. */
  get(key: string): Promise<string | undefined>;
  /** Unless a text of this schema is there whose order is as high or higher. */
  put(key: string, schema: string, text: string, ttlMs: number): Promise<Put>;
}

export interface Lifetimes {
  /** The longest that a vector nobody renews can be of use; 15 minutes unless told. */
  readonly featuresTtlMs?: number;
  /** The same for a mark; one minute unless told. A `seq` that should not have been is outlived by as much. */
  readonly marksTtlMs?: number;
}

/** Features and marks over the slots of an adapter. */
export function latest(
  platform: string,
  slots: Slots,
  counts: Counts,
  { featuresTtlMs = 900_000, marksTtlMs = 60_000 }: Lifetimes,
): { readonly features: Features; readonly marks: Marks } {
  const put = async (schema: string, parts: readonly string[], text: string | undefined, ttlMs: number) => {
    const outcome =
      text === undefined ? "dropped" : await slots.put(keyOf(platform, schema, parts), schema, text, ttlMs);
    if (outcome === "dropped") counts.droppedWrites++;
    return outcome;
  };
  const get = async <T>(schema: string, parts: readonly string[], decode: (text: string) => T | undefined) => {
    const text = await slots.get(keyOf(platform, schema, parts));
    if (text === undefined) return undefined;
    const value = decode(text);
    if (value === undefined) counts.badValues++;
    return value;
  };
  return {
    features: {
      put: (of, vector) => put(featuresSchema, [of.strategy, of.symbol], encodeFeatures(of, vector), featuresTtlMs),
      get: (of) => get(featuresSchema, [of.strategy, of.symbol], (text) => decodeFeatures(of, text)),
    },
    marks: {
      put: (symbol, mark) => put(markSchema, [symbol], encodeMark(symbol, mark), marksTtlMs),
      get: (symbol) => get(markSchema, [symbol], (text) => decodeMark(symbol, text)),
    },
  };
}

/** `countersign:<platform>:<schema>:…`. Names may hold a colon; escaped, no two lists of names share a key. */
export function keyOf(platform: string, schema: string, parts: readonly string[]): string {
  return ["countersign", platform, schema, ...parts.map(escaped)].join(":");
}

/** `encodeURIComponent` throws on half of a surrogate pair; such a name is as good as any other here. */
function escaped(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
