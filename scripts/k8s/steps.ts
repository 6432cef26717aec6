/** Steps of a check, a line each: what is well, what is not, and what could not be tried because a program for it is missing. */
import { MissingTool, toolPath } from "../tools/place.ts";
import type { ToolName } from "../tools/table.ts";

export interface Step {
  readonly name: string;
  /** Without one of them it is not run. */
  readonly tools: readonly ToolName[];
  readonly check: () => Promise<Found>;
}

export interface Found {
  readonly problems: readonly string[];
  /** What was looked at, in figures. */
  readonly says?: string;
}

export interface StepsOptions {
  /** What cannot be tried counts as failed. */
  readonly isDemanded: boolean;
  readonly print: (line: string) => void;
  readonly isThere?: (tool: ToolName) => boolean;
}

/** Answers the exit code. */
export async function runSteps(steps: readonly Step[], options: StepsOptions): Promise<number> {
  const { isDemanded, print, isThere = (tool) => toolPath(tool) !== undefined } = options;
  const names: Record<Verdict, string[]> = { ok: [], FAILED: [], "NOT RUN": [] };
  for (const step of steps) {
    const start = performance.now();
    const { verdict, problems, says } = await outcomeOf(step, isThere);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(`${verdict.padEnd(7)}  ${step.name}  ${seconds} s${says === undefined ? "" : `  (${says})`}`);
    for (const problem of problems) print(problem);
    names[verdict].push(step.name);
  }
  const failed = [...names.FAILED, ...(isDemanded ? names["NOT RUN"] : [])];
  const notRun = names["NOT RUN"].length > 0 ? `, not run: ${names["NOT RUN"].join(", ")}` : "";
  const verdict = failed.length === 0 ? `${names.ok.length} checks passed` : `FAILED: ${failed.join(", ")}`;
  print(`${verdict}${notRun}`);
  return failed.length === 0 ? 0 : 1;
}

type Verdict = "ok" | "FAILED" | "NOT RUN";

async function outcomeOf(
  { tools, check }: Step,
  isThere: (tool: ToolName) => boolean,
): Promise<Found & { readonly verdict: Verdict }> {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length > 0) return { verdict: "NOT RUN", problems: missing.map((tool) => new MissingTool(tool).message) };
  try {
    const found = await check();
    return { ...found, verdict: found.problems.length === 0 ? "ok" : "FAILED" };
  } catch (error) {
    return {
      verdict: "FAILED",
      problems: [`could not run: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}
