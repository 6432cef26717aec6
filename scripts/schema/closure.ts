import { createHash } from "node:crypto";
import { type DescEnum, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { DescriptorProtoSchema, EnumDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** A message with every message and enum that its bytes may hold, by full name. */
export type Closure = ReadonlyMap<string, DescMessage | DescEnum>;

export function closureOf(message: DescMessage): Closure {
  const found = new Map<string, DescMessage | DescEnum>();
  const visit = (type: DescMessage | DescEnum | undefined) => {
    if (type === undefined || found.has(type.typeName)) return;
    found.set(type.typeName, type);
    if (type.kind !== "message") return;
    for (const field of type.fields) {
      visit(field.message);
      visit(field.enum);
    }
  };
  visit(message);
  return found;
}

/** The same for two closures when they say the same about the bytes: comments, files and order of declaration do not count. */
export function digestOf(closure: Closure): string {
  const hash = createHash("sha256");
  for (const [name, type] of [...closure].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes =
      type.kind === "enum"
        ? toBinary(EnumDescriptorProtoSchema, type.proto)
        : toBinary(DescriptorProtoSchema, {
            ...type.proto,
            field: type.proto.field.toSorted((a, b) => a.number - b.number),
          });
    hash.update(`${name} ${type.file.edition} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}
