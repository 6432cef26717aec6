import type { DescEnum, DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { run } from "../run.ts";
import { closureOf } from "./closure.ts";
import type { Compiled } from "./compile.ts";
import { SchemaError } from "./errors.ts";
import { messageOf } from "./subjects.ts";

/**
 * Everything that WIRE_JSON refuses, because bytes and the JSON view of them are both read for ever. WIRE_JSON alone lets an int32
 * become an int64, which an old reader cuts off, and lets a message disappear; so types, cardinalities and names are held as well. File by
 * file, because that is how a schema registry compares. What the other rules of FILE hold (deleting a field whose number and name
 * are reserved, options for generators of other languages) breaks no reader.
 */
const RULES = [
  ...["WIRE_JSON", "FIELD_SAME_TYPE", "FIELD_SAME_CARDINALITY", "ENUM_SAME_TYPE"],
  ...["FILE_NO_DELETE", "MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE", "RPC_NO_DELETE"],
];
/** Weaker forms of two that are held above. */
const EXCEPT = ["FIELD_WIRE_JSON_COMPATIBLE_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"];
const CONFIG = JSON.stringify({ version: "v2", breaking: { use: RULES, except: EXCEPT } });

/** Of buf's JSON lines, the part that we read. */
interface Violation {
  readonly path?: string;
  readonly start_line?: number;
  readonly type: string;
  readonly message: string;
}

export interface Release {
  readonly number: number;
  readonly compiled: Compiled;
  /** The subjects that may not break against this release, with the version that they have in it. */
  readonly subjects: ReadonlyMap<string, number>;
}

/** What `buf breaking` says against one release, with the subjects that it concerns. Works offline: both sides are images. */
export async function breakingProblems(present: Compiled, release: Release): Promise<string[]> {
  const args = ["--against", release.compiled.image, "--config", CONFIG, "--error-format", "json"];
  const { code, output } = await run("buf", ["breaking", present.image, ...args]);
  if (code === 0) return [];
  const lines = output.trim().split("\n");
  if (!lines.every((line) => line.startsWith("{")))
    throw new SchemaError(
      "NOT_COMPILED",
      `buf breaking could not run: ${output.trim()}: see that \`buf --version\` answers`,
    );
  return lines.flatMap((line) => describe(JSON.parse(line), present.types, release));
}

function describe({ path, start_line, type, message }: Violation, present: FileRegistry, release: Release): string[] {
  const named = [...message.matchAll(/\b(?:message|enum) "([^"]+)"/g)].map(([, name = ""]) => name);
  const isMeant = (one: DescMessage | DescEnum) =>
    named.includes(one.typeName) || named.includes(one.typeName.slice(one.file.proto.package.length + 1));
  const concerned = [...release.subjects.keys()].filter((subject) =>
    [release.compiled.types, present].some((types) => {
      const root = types.getMessage(messageOf(subject));
      return root !== undefined && [...closureOf(root).values()].some(isMeant);
    }),
  );
  const held = [...release.compiled.types].some(
    (one) => (one.kind === "message" || one.kind === "enum") && isMeant(one),
  );
  // A type that is in released messages, none of which is held to this release any more.
  if (held && concerned.length === 0) return [];
  const where = path === undefined ? "" : `${path}${start_line === undefined ? "" : `:${start_line}`}: `;
  const breaks = concerned.map((subject) => `${subject} version ${release.subjects.get(subject)}`);
  return [`${type}  ${where}${message} Breaks ${breaks.join(", ") || `release ${release.number}`}`];
}
