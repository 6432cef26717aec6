import { create, type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Prng, uniform } from "@countersign/quant";

/** Messages nest in themselves (Signed.attached): below this depth, none. */
const MAX_DEPTH = 4;
const MAX_ITEMS = 2;

/** Values at the corners of each type, and one within. */
const corners: Readonly<Record<ScalarType, readonly unknown[]>> = {
  [ScalarType.DOUBLE]: [0, -0, 0.1, -1e308, Number.POSITIVE_INFINITY, Number.NaN],
  [ScalarType.FLOAT]: [0, -0, 0.5, -1.5, Number.POSITIVE_INFINITY, Number.NaN],
  [ScalarType.INT64]: [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  [ScalarType.UINT64]: [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n],
  [ScalarType.INT32]: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
  [ScalarType.FIXED64]: [0n, 1n, 2n ** 64n - 1n],
  [ScalarType.FIXED32]: [0, 1, 2 ** 32 - 1],
  [ScalarType.BOOL]: [false, true],
  [ScalarType.STRING]: ["", "AAPL", "Zürich ₿ 株", "\u0000"],
  [ScalarType.BYTES]: [[], [0], [255, 128, 0, 1]].map((bytes) => Uint8Array.from(bytes)),
  [ScalarType.UINT32]: [0, 1, 2 ** 32 - 1],
  [ScalarType.SFIXED32]: [0, 1, -(2 ** 31)],
  [ScalarType.SFIXED64]: [0n, 1n, -(2n ** 63n)],
  [ScalarType.SINT32]: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
  [ScalarType.SINT64]: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
};

/** A message as its schema allows it: fields set and unset, one case of each oneof, values at the corners of their types. */
export function generateMessage(schema: DescMessage, prng: Prng, depth = 0): ReflectMessage {
  const message = reflect(schema, create(schema));
  for (const member of schema.members) {
    const field = member.kind === "oneof" ? pick(member.fields, prng) : member;
    if (uniform(prng) < 0.2) continue;
    if (depth === MAX_DEPTH && field.message !== undefined) continue;
    setField(message, field, prng, depth);
  }
  return message;
}

function setField(message: ReflectMessage, field: DescField, prng: Prng, depth: number): void {
  const items = Math.floor(uniform(prng) * (MAX_ITEMS + 1));
  switch (field.fieldKind) {
    case "list": {
      const list = message.get(field);
      for (let at = 0; at < items; at++) list.add(makeValue(field, prng, depth));
      return;
    }
    case "map": {
      const map = message.get(field);
      for (let at = 0; at < items; at++) map.set(pick(corners[field.mapKey], prng), makeValue(field, prng, depth));
      return;
    }
    default:
      message.set(field, makeValue(field, prng, depth));
  }
}

function makeValue(field: DescField, prng: Prng, depth: number): unknown {
  if (field.message !== undefined) return generateMessage(field.message, prng, depth + 1);
  if (field.enum !== undefined) return pick(enumNumbers(field.enum), prng);
  if (field.scalar === undefined) throw new Error("broken invariant: a field holds a scalar, an enum or a message");
  return pick(corners[field.scalar], prng);
}

/** The known ones, UNSPECIFIED among them, and the next one: what a release to come may write. */
function enumNumbers({ values, open }: DescEnum): number[] {
  const known = values.map(({ number }) => number);
  return open ? [...known, Math.max(...known) + 1] : known;
}

function pick<T>(from: readonly T[], prng: Prng): T {
  const one = from[Math.floor(uniform(prng) * from.length)];
  if (one === undefined) throw new Error("broken invariant: there is something to pick from");
  return one;
}
