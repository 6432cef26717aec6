import { createInterface } from "node:readline/promises";
import { InputError } from "@countersign/platform";

/** Only `y` or `yes` is yes. @throws InputError where nobody can be asked */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new InputError("BAD_OPTION", `${question} Nobody can be asked here: add --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
