/** `countersign why 14`: what led to a line that was told, from the run's folder alone. */
import { basename } from "node:path";
import { cloneFile, findRun, InputError, why } from "@countersign/platform";
import { defaults } from "./demo/defaults.ts";
import { exitCodes } from "./failure.ts";
import { Screen } from "./terminal/screen.ts";
import { standsOn, whyTree } from "./why-tree.ts";

export interface WhyFlags {
  readonly run?: string;
  readonly json?: boolean;
}

export function whyCommand(number: string, { run, json }: WhyFlags): number {
  const line = count("why", number.replace(/^#/, ""));
  const dir = findRun(cloneFile(defaults.runs), run === undefined ? undefined : count("--run", run));
  const explained = why(dir, line);
  const screen = new Screen(process.stdout);
  if (json) {
    screen.line(JSON.stringify({ run: Number(basename(dir)), ...explained }, null, 2));
    return exitCodes.ok;
  }
  for (const text of whyTree(explained, screen.style)) screen.line(text);
  screen.line(
    `run ${basename(dir)}: ${standsOn(explained)}; ./countersign audit verify --run ${basename(dir)} does that`,
  );
  return exitCodes.ok;
}

export function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InputError("BAD_OPTION", `${option} ${text}: write a number from 1, such as 14`);
  return Number(text);
}
