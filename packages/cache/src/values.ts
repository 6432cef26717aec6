/**
 * How a value is written: `<schema> <order, 20 digits> <JSON>`. The schema names kind and version; the order lets one script compare two
 * values as text; the JSON repeats what the value belongs to. Whatever does not read back exactly so is unknown.
 */
import type { FeaturesOf, FeatureVector, Mark } from "./port.ts";

/** Any change of the layout is another number: readers of the old one see nothing under the new keys. */
export const markSchema = "mark/1";
export const featuresSchema = "features/1";

export const ORDER_DIGITS = 20;
const LENGTH_MAX = 65_536;

/** Undefined when nobody could read it back. */
export function encodeMark(symbol: string, { price, eventTimeMs, msgId, seq }: Mark): string | undefined {
  const body = { symbol, units: String(price.units), scale: price.scale, eventTimeMs, msgId };
  return encode(markSchema, seq, body, (text) => decodeMark(symbol, text));
}

export function decodeMark(symbol: string, text: string): Mark | undefined {
  const { order, body } = decode(markSchema, text) ?? {};
  if (order === undefined || body?.symbol !== symbol) return undefined;
  const { units, scale, eventTimeMs, msgId } = body;
  if (typeof units !== "string" || !/^[1-9]\d{0,18}$/.test(units) || !isCount(scale) || scale > 9) return undefined;
  if (!isCount(eventTimeMs) || typeof msgId !== "string" || msgId === "") return undefined;
  return { price: { units: BigInt(units), scale }, eventTimeMs, msgId, seq: order };
}

/** Undefined when nobody could read it back. */
export function encodeFeatures(of: FeaturesOf, { eventTimeMs, values }: FeatureVector): string | undefined {
  const body = { strategy: of.strategy, symbol: of.symbol, values };
  return isCount(eventTimeMs)
    ? encode(featuresSchema, BigInt(eventTimeMs), body, (text) => decodeFeatures(of, text))
    : undefined;
}

export function decodeFeatures({ strategy, symbol }: FeaturesOf, text: string): FeatureVector | undefined {
  const { order, body } = decode(featuresSchema, text) ?? {};
  if (order === undefined || order > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  if (body?.strategy !== strategy || body.symbol !== symbol || !isObject(body.values)) return undefined;
  const values = Object.entries(body.values);
  if (!values.every((entry): entry is [string, number] => Number.isFinite(entry[1]))) return undefined;
  return { eventTimeMs: Number(order), values: Object.fromEntries(values) };
}

function encode(schema: string, order: bigint, body: object, read: (text: string) => unknown): string | undefined {
  const text = `${schema} ${String(order).padStart(ORDER_DIGITS, "0")} ${JSON.stringify(body)}`;
  return read(text) === undefined ? undefined : text;
}

function decode(schema: string, text: string): { order: bigint; body: Record<string, unknown> } | undefined {
  const head = schema.length + 1 + ORDER_DIGITS + 1;
  if (text.length > LENGTH_MAX || !text.startsWith(`${schema} `)) return undefined;
  const digits = text.slice(schema.length + 1, head - 1);
  if (!/^\d{20}$/.test(digits) || text[head - 1] !== " ") return undefined;
  try {
    const body: unknown = JSON.parse(text.slice(head));
    return isObject(body) ? { order: BigInt(digits), body } : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
