/** What a run is made from, read once and named by digest: the trace, the strategies, the limits, the instruments. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename, isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Limits, parseLimits } from "@countersign/agent-policy";
import type { Strategy } from "@countersign/quant";

export class InputError extends Error {
  readonly code: "NO_SUCH_FILE" | "BAD_STRATEGY" | "BAD_OPTION";

  constructor(code: InputError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InputError";
    this.code = code;
  }
}

export interface LoadedStrategy {
  /** strategy:name@digest of its source. */
  readonly id: string;
  readonly strategy: Strategy;
  readonly file: string;
  readonly sha256: string;
}

/** The clone: where strategies/, limits/ and markets/ are. */
const root = new URL("../../", import.meta.url);

export function readInput(path: string, what: string): Uint8Array {
  if (!existsSync(path))
    throw new InputError("NO_SUCH_FILE", `${path}: no such file. Name the ${what} as it is seen from here`);
  return readFileSync(path);
}

export function loadLimits(path: string): Limits & { readonly bytes: Uint8Array } {
  const bytes = readInput(path, "limits file");
  return { ...parseLimits(bytes, path), bytes };
}

/**
 * A strategy file may lie anywhere: what it imports as @countersign/quant is resolved from the clone. It is code, and embedded it runs
 * in the process that holds every key of the run: load only what you would run yourself.
 */
export async function loadStrategy(path: string): Promise<LoadedStrategy> {
  const source = readInput(path, "strategy");
  const sha256 = createHash("sha256").update(source).digest("hex");
  resolveQuantFromTheClone();
  let module: { default?: Strategy };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new InputError("BAD_STRATEGY", `${path}: cannot be loaded: ${text.split("\n")[0]}`, { cause });
  }
  const strategy = module.default;
  if (strategy === undefined || typeof strategy.create !== "function") {
    const cure = "export default defineStrategy({ name, weight, create }), see docs/first-strategy.md";
    throw new InputError("BAD_STRATEGY", `${path}: has no strategy as its default export: ${cure}`);
  }
  return { id: `strategy:${strategy.name}@${sha256.slice(0, 12)}`, strategy, file: basename(path), sha256 };
}

let hooked = false;

function resolveQuantFromTheClone(): void {
  if (hooked) return;
  hooked = true;
  const quant = new URL("packages/quant/src/index.ts", root).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "@countersign/quant" ? { url: quant, shortCircuit: true } : next(specifier, context),
  });
}

/** As a cluster names its files: those of the clone are wherever the clone is, such as in an image. */
export function clusterFile(path: string): string {
  return isAbsolute(path) ? path : cloneFile(path);
}

/** A file of the clone, for messages and defaults. */
export function cloneFile(path: string): string {
  return fileURLToPath(new URL(path, root));
}
