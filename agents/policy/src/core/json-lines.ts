/**
 * On which line each value of a JSON text stands: `JSON.parse` keeps no positions, and a person who made a mistake wants the line.
 * Paths are written as in JavaScript: `rules[2].threshold`; the root is the empty path.
 */
export interface JsonLines {
  /** Of a value, or of the nearest part above it that is there. */
  lineOf(path: string): number;
  /** Paths that one object has twice: `JSON.parse` keeps the last of them silently. */
  readonly repeated: readonly string[];
}

/** The text has to be JSON. */
export function jsonLines(text: string): JsonLines {
  const lines = new Map<string, number>();
  const repeated: string[] = [];
  const open: Frame[] = [];
  let line = 1;
  let read = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    line += newlines(text.slice(read, index));
    read = index;
    const inside = open.at(-1);
    if (token === "}" || token === "]") open.pop();
    else if (token === ",") {
      if (inside?.kind === "array") inside.index += 1;
      else if (inside !== undefined) inside.key = undefined;
    } else if (token !== ":") {
      if (inside?.kind === "object" && inside.key === undefined) {
        inside.key = String(JSON.parse(token));
        const path = pathOf(inside);
        if (lines.has(path)) repeated.push(path);
        lines.set(path, line);
        continue;
      }
      const path = inside === undefined ? "" : pathOf(inside);
      // A member stands on its key's line.
      if (inside?.kind !== "object") lines.set(path, line);
      if (token === "{") open.push({ kind: "object", path, key: undefined });
      if (token === "[") open.push({ kind: "array", path, index: 0 });
    }
  }
  return { lineOf: (path) => lineOf(lines, path), repeated };
}

type Frame =
  | { readonly kind: "object"; readonly path: string; key: string | undefined }
  | { readonly kind: "array"; readonly path: string; index: number };

/** Strings, punctuation, and the bare words between them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

function pathOf(frame: Frame): string {
  if (frame.kind === "array") return `${frame.path}[${frame.index}]`;
  return frame.path === "" ? (frame.key ?? "") : `${frame.path}.${frame.key}`;
}

function lineOf(lines: ReadonlyMap<string, number>, path: string): number {
  for (let at = path; at !== ""; at = at.replace(/(\.?[^.[\]]*|\[\d+\])$/, "")) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return lines.get("") ?? 1;
}

function newlines(text: string): number {
  return text.split("\n").length - 1;
}
