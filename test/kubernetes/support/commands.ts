/** The commands that runbooks tell a person to run: those of shell blocks, and those in the running text. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/run.ts";

export interface Told {
  readonly page: string;
  readonly line: string;
}

const PROGRAMS = /^(kubectl|countersign|\.\/countersign|npm run|helm|vault)\b/;

/** Each as one line, without what it is piped into. */
export function commandsOfRunbooks(): readonly Told[] {
  return globSync("ops/runbooks/**/*.md", { cwd: root }).flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8").replaceAll(
      /<!-- verification[\s\S]*?<!-- \/verification -->/g,
      "",
    );
    const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, lines = ""]) => lines.split("\n"));
    const spans = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
    return [...blocks, ...spans]
      .map((line) => line.trim())
      .filter((line) => PROGRAMS.test(line))
      .map((line) => ({ page, line }));
  });
}

/** Words as a shell splits them: what is quoted is one. */
export function wordsOf(line: string): readonly string[] {
  const [command = ""] = line.split(/ \| (?![^']*'[^']*$)/);
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}

/** What is run on the command line of ours: its words behind the program's name. */
export function ownWords(line: string): readonly string[] | undefined {
  const words = wordsOf(line);
  const at = words.findIndex((word) => word === "countersign" || word === "./countersign");
  const isExec = words[0] === "kubectl" && words[1] === "exec" && words[at - 1] === "--";
  return at === 0 || (at > 0 && isExec) ? words.slice(at + 1) : undefined;
}
