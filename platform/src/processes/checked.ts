/** What a folder says is checked where it comes in: a value that is none ends the process with one line that names file and field. */
import { readFileSync } from "node:fs";
import type * as z from "zod";
import { InputError } from "../inputs.ts";

/** @throws InputError with the cause of a file that cannot be read, or is no JSON */
export function readJson(path: string, cure: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    // What JSON.parse says quotes what it read.
    const what = isMissing ? "" : cause instanceof SyntaxError ? "it is no JSON: " : `${(cause as Error).message}: `;
    throw new InputError("BAD_OPTION", `${path}: ${what}${cure}`, { cause });
  }
}

/** @throws InputError that names the first field which is not as it should be, and never its value: it may be a secret */
export function checked<T>(path: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw new Error("broken invariant: zod refuses, and does not say what");
  throw new InputError("BAD_OPTION", `${path}: ${saying(issue, value)}`);
}

function saying(issue: z.core.$ZodIssue, value: unknown): string {
  const field = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const named = issue.keys.map((key) => (field === "" ? key : `${field}.${key}`)).join(", ");
    return `${named}: no such field: correct its name, or remove it`;
  }
  const isMissing = issue.code === "invalid_type" && at(value, issue.path) === undefined;
  if (isMissing) return `${field}: missing: give ${issue.expected === "string" ? "a text" : `its ${issue.expected}`}`;
  if (issue.code === "invalid_type") return `${field}: not of its kind: give ${article(issue.expected)}`;
  if (issue.code === "invalid_value") return `${field}: not one of those there are: give ${issue.values.join(" or ")}`;
  return `${field}: ${issue.message}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
