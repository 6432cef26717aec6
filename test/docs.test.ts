// What the documents name exists: files, functions in them, links, commands with their options, promises and their state.
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root, run } from "../scripts/run.ts";
import { findMarks } from "./marks.ts";
import { promises } from "./promise-list.ts";
import { notYet } from "./promises/not-yet.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const isOurs = (name: string): boolean => name !== "node_modules" && !name.startsWith(".");
const pages = globSync("**/*.md", { cwd: root, exclude: (name) => !isOurs(name) }).toSorted();
/** Those that name files from the root of the repository; a package's own page names them from its own folder. */
const manuals = pages.filter((page) => !page.includes("/") || page.startsWith("docs/"));
const topLevel = readdirSync(root).filter(isOurs);

describe("the documents", () => {
  it("are those that a newcomer looks for", () => {
    const wanted = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/market-data.md"];
    expect(manuals).toEqual(
      expect.arrayContaining([...wanted, "docs/first-strategy.md", "docs/first-limit.md"].toSorted()),
    );
    expect(lineCount("README.md")).toBeLessThanOrEqual(200);
  });

  it("name files that exist", () => {
    const isMissing = (span: string) => isPath(span) && globSync(span, { cwd: root }).length === 0;
    expect(
      manuals.flatMap((page) =>
        spansOf(read(page))
          .filter(isMissing)
          .map((span) => `${page}: ${span}`),
      ),
    ).toEqual([]);
  });

  it("name functions that stand in the file before them", () => {
    expect(manuals.flatMap((page) => strayFunctions(read(page)).map((span) => `${page}: ${span}`))).toEqual([]);
  });

  it("link to what exists", () => {
    expect(pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`))).toEqual([]);
  });

  it("every package, agent and program has one page", () => {
    const { workspaces }: { workspaces: string[] } = JSON.parse(read("package.json"));
    const folders = globSync(workspaces, { cwd: root }).toSorted();
    expect(folders.filter((folder) => !existsSync(join(root, folder, "README.md")))).toEqual([]);
    expect(folders.filter((folder) => lineCount(join(folder, "README.md")) > 66)).toEqual([]);
  });

  it("every decision has its number, and says context, decision and consequences in at most 40 lines", () => {
    const decisions = pages.filter((page) => page.startsWith("docs/decisions/"));
    for (const [index, page] of decisions.entries()) {
      const number = String(index + 1).padStart(4, "0");
      expect(page).toMatch(new RegExp(`^docs/decisions/${number}-[a-z0-9-]+\\.md$`));
      expect(headingsOf(read(page))).toEqual([
        expect.stringMatching(new RegExp(`^# ${number} `)),
        "## Context",
        "## Decision",
        "## Consequences",
      ]);
      expect(lineCount(page)).toBeLessThanOrEqual(40);
    }
  });
});

describe("the promises in the documents", () => {
  it("the README says of each whether it is kept, and where its test is", () => {
    const rows = rowsOf(read("README.md")).filter(([id = ""]) => /^P\d\d$/.test(id));
    const postponed = notYet.map(({ promise }) => promise);
    const expected = promises.map(({ id }) =>
      postponed.includes(id) ? [id, "not yet", ""] : [id, "kept", `\`test/promises/${id}-*.test.ts\``],
    );
    expect(rows.map(([id, , now, test]) => [id, now, test])).toEqual(expected);
  });

  it("the architecture names, of each that is kept, files that hold its checks", () => {
    const rows = rowsOf(read("docs/architecture.md")).filter(([id = ""]) => /^P\d\d$/.test(id));
    expect(rows.map(([id]) => id)).toEqual(promises.map(({ id }) => id));
    const { marks } = findMarks(root);
    const wrong = rows.flatMap(([id, , checks = ""]) => {
      if (notYet.some(({ promise }) => promise === id)) return [];
      const files = spansOf(checks);
      if (files.length === 0) return [`${id} names no file`];
      const sources = files.filter((file) => !file.startsWith("test/"));
      return sources
        .filter((file) => !marks.some((mark) => mark.promise === id && mark.file === file))
        .map((file) => `${id}: ${file} has no mark of it`);
    });
    expect(wrong).toEqual([]);
  });
});

describe("the commands in the documents", () => {
  const commands = [...new Set(pages.flatMap((page) => commandsOf(read(page))))].toSorted();

  it("every npm command is in package.json", () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
    const named = commands.flatMap((command) => /^npm (?:run )?([a-z\d:]+)/.exec(command)?.[1] ?? []);
    expect(named).toContain("demo");
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("every ./countersign command is one, with its options", async () => {
    const ours = commands.filter((command) => command.startsWith("./countersign"));
    expect(ours).toContain("./countersign audit verify");
    const wrong: string[] = [];
    for (const [words, options] of byWords(ours)) {
      const { code, output } = await run("node", ["cli/src/main.ts", ...words.split(" "), "--help"]);
      if (code !== 0 || !output.includes(`countersign ${words} `))
        wrong.push(`./countersign ${words}: no such command`);
      for (const option of options) {
        if (!new RegExp(`^\\s.*${option}\\b`, "m").test(output)) wrong.push(`./countersign ${words} has no ${option}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** The code spans of a page, without its fenced blocks. */
function spansOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
}

/** Below a folder of the repository, or a source file by its ending. `my-…` is the reader's own, `<…>` stands for a name. */
function isPath(span: string): boolean {
  if (!/^[\w*-][\w.*-]*(\/[\w.*-]*)*$/.test(span) || span.startsWith("my-")) return false;
  const [first = ""] = span.split("/");
  if (span.includes("/")) return topLevel.includes(first);
  return /\.(ts|mjs|proto)$/.test(span) && span !== "canvas.ts";
}

function strayFunctions(text: string): string[] {
  let source = "";
  return spansOf(text).flatMap((span) => {
    if (isPath(span) && span.endsWith(".ts")) source = existsSync(join(root, span)) ? read(span) : "";
    const [, name] = /^#?(\w+)\(\)$/.exec(span) ?? [];
    return name === undefined || new RegExp(`\\b${name}\\b`).test(source) ? [] : [span];
  });
}

function brokenLinks(page: string): string[] {
  return [...read(page).matchAll(/\]\(([^)#\s]*)(#[^)\s]*)?\)/g)].flatMap(([link, target = "", anchor = ""]) => {
    if (/^https?:/.test(target)) return [];
    const file = target === "" ? page : join(dirname(page), target);
    if (!existsSync(join(root, file))) return [link];
    return anchor !== "" && !anchorsOf(read(file)).includes(anchor) ? [link] : [];
  });
}

/** As GitHub makes them. */
function anchorsOf(text: string): string[] {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");
  return headingsOf(text).map((heading) => `#${slug(heading.replace(/^#+ /, ""))}`);
}

function headingsOf(text: string): string[] {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "").match(/^#+ .*$/gm) ?? [];
}

function rowsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** From code spans, and from fenced blocks of a shell; not from what a program printed. */
function commandsOf(text: string): string[] {
  const shells = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) => block.split("\n"));
  return [...spansOf(text), ...shells].filter((line) => /^(npm (run|test)|\.\/countersign)\b/.test(line));
}

/** The options named with each command; its words end at the first option, value or file. */
function byWords(commands: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const command of commands) {
    const [words = ""] = /^[a-z]+( [a-z]+)*(?= |$)/.exec(command.replace("./countersign ", "")) ?? [];
    const options = found.get(words) ?? new Set();
    for (const [option] of command.matchAll(/(?<= )--[a-z-]+/g)) options.add(option);
    found.set(words, options);
  }
  found.delete("");
  return found;
}

function lineCount(file: string): number {
  return read(file).trimEnd().split("\n").length;
}
