/**
 * The wire test: bytes that one schema writes are read by another. What both know arrives unchanged, nothing appears that was not
 * written, and what the reader does not know survives its writing the message again.
 *
 * An enum number that the reader has no name for arrives as that number: never as UNSPECIFIED, never as another value. Our readers
 * refuse both UNSPECIFIED and numbers without a name, where they read them; a schema must leave them the chance.
 */
import { isDeepStrictEqual } from "node:util";
import { type DescField, type DescMessage, fromBinary, ScalarType, toBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { Prng } from "@countersign/quant";
import { generateMessage } from "./generate.ts";

export interface WireCase {
  readonly writer: DescMessage;
  readonly reader: DescMessage;
  readonly seed: bigint;
  readonly samples: number;
}

/** The first thing that goes wrong between writer and reader; undefined when nothing does. */
export function wireProblem({ writer, reader, seed, samples }: WireCase): string | undefined {
  const prng = new Prng(seed);
  for (let sample = 0; sample < samples; sample++) {
    const written = generateMessage(writer, prng);
    const bytes = toBinary(writer, written.message);
    try {
      const read = reflect(reader, fromBinary(reader, bytes));
      const difference =
        firstDifference(leaves(written, reader), leaves(read, writer)) ??
        firstDifference(
          leaves(written, writer),
          leaves(throughReader(writer, reader, bytes), writer),
          " once written again",
        );
      if (difference !== undefined) return difference;
    } catch (error) {
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

function throughReader(writer: DescMessage, reader: DescMessage, bytes: Uint8Array): ReflectMessage {
  return reflect(writer, fromBinary(writer, toBinary(reader, fromBinary(reader, bytes))));
}

/** Path → value of everything that is set in `message` and known to `other` by number. */
function leaves(message: ReflectMessage, other: DescMessage, at = "", into = new Map<string, unknown>()) {
  for (const field of message.fields) {
    const known = other.fields.find(({ number }) => number === field.number);
    if (known === undefined || !message.isSet(field)) continue;
    const path = `${at}${field.number}`;
    if (field.fieldKind === "list") {
      for (const [index, item] of [...message.get(field)].entries()) addLeaf(`${path}[${index}]`, item);
    } else if (field.fieldKind === "map") {
      for (const [key, item] of message.get(field)) addLeaf(`${path}[${JSON.stringify(String(key))}]`, item);
    } else {
      addLeaf(path, message.get(field));
    }

    function addLeaf(path: string, value: unknown): void {
      if (field.message === undefined) into.set(path, isInteger(field) ? BigInt(value as number) : value);
      else {
        into.set(path, "a message");
        leaves(value as ReflectMessage, known?.message ?? field.message, `${path}.`, into);
      }
    }
  }
  return into;
}

/** One kind of integer for all of them: on the wire a small int32 and a small int64 are the same bytes, and mean the same. */
function isInteger({ scalar, enum: enumeration }: DescField): boolean {
  const others = [ScalarType.DOUBLE, ScalarType.FLOAT, ScalarType.BOOL, ScalarType.STRING, ScalarType.BYTES];
  return enumeration !== undefined || (scalar !== undefined && !others.includes(scalar));
}

function firstDifference(
  written: ReadonlyMap<string, unknown>,
  read: ReadonlyMap<string, unknown>,
  when = "",
): string | undefined {
  for (const path of new Set([...written.keys(), ...read.keys()])) {
    const [before, after] = [written.get(path), read.get(path)];
    if (!isDeepStrictEqual(before, after))
      return `field ${path}, written as ${show(before)}, reads as ${show(after)}${when}`;
  }
  return undefined;
}

function show(value: unknown): string {
  if (value === undefined) return "unset";
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
