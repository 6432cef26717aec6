import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A check of the product that a promise speaks of: one statement on one line that ends in its name. */
export interface Mark {
  /** `P01.spent` */
  readonly name: string;
  /** `P01` */
  readonly promise: string;
  /** Relative to the root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Finds all marks in the product's sources under `root`. `problems` are marks that prove nothing as they stand. */
export function findMarks(root: string): { marks: Mark[]; problems: string[] } {
  const marks: Mark[] = [];
  const problems: string[] = [];
  for (const file of productSources(root)) {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    for (const [index, text] of lines.entries()) {
      const [, statement = "", name = "", promise = ""] = MARKED.exec(text.trimEnd()) ?? [];
      if (name === "") continue;
      const mark = { name, promise, file, line: index + 1 };
      const twin = marks.find((other) => other.name === name);
      if (twin !== undefined) problems.push(`${at(mark)}: ${name} is taken by ${at(twin)}`);
      const flaw = flawOf(statement.trim(), lines.slice(0, index));
      if (flaw !== undefined) problems.push(`${at(mark)}: ${name} ${flaw}`);
      marks.push(mark);
    }
  }
  return { marks: marks.toSorted((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

const SOURCES = ["packages/*/src/**/*.ts", "agents/*/src/**/*.ts", "agents/*/*.ts", "venues/*/src/**/*.ts"];
const PROGRAMS = ["platform/**/*.ts", "cli/**/*.ts"];
const MARKED = /^(.*?)\/\/ ((P\d\d)\.[a-z][A-Za-z0-9-]*)$/;

function productSources(root: string): string[] {
  const files = globSync([...SOURCES, ...PROGRAMS], { cwd: root, exclude: (name) => name === "node_modules" });
  return files.filter((file) => !file.endsWith(".test.ts") && !file.includes("/node_modules/")).toSorted();
}

/**
 * Why leaving this line out would prove nothing, if so. A left-out declaration makes any test fail (the name is
 * missing), and half a statement changes what the next line means.
 */
function flawOf(statement: string, before: readonly string[]): string | undefined {
  if (statement === "" || statement.startsWith("//") || statement.startsWith("*")) return "marks no statement";
  if (/^(export|import|const|let|var|using|function|class|type|interface)\b/.test(statement)) {
    return "marks a declaration, not a check";
  }
  const previous =
    before.map((line) => line.trim()).findLast((line) => line !== "" && !/^(\/\/|\/?\*)/.test(line)) ?? "";
  const code = previous.replace(/\s*\/\/ .*$/, "");
  const isWhole = /[;}]$/.test(statement) && !/^([})\].?&|+]|else\b)/.test(statement) && /(^|[;{}:]|\*\/)$/.test(code);
  return isWhole ? undefined : "does not mark one whole statement on one line";
}

function at(mark: Mark): string {
  return `${mark.file}:${mark.line}`;
}
