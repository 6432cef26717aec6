/** The head that the README shows of the default run. */
import { existsSync, readFileSync } from "node:fs";
import { cloneFile } from "@countersign/platform";
import { SHORT_HEAD } from "./ending.ts";

export function isHeadOfReadme(auditHead: string): boolean {
  const path = cloneFile("README.md");
  const shown = existsSync(path) ? headIn(readFileSync(path, "utf8")) : undefined;
  return shown !== undefined && auditHead.startsWith(shown);
}

/** As the demo prints it: `audit head 3f9c12ab…`. */
export function headIn(readme: string): string | undefined {
  const digits = /^audit head ([0-9a-f]+)…/m.exec(readme)?.[1];
  return digits !== undefined && digits.length >= SHORT_HEAD ? digits : undefined;
}
