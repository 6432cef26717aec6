/** The rules as conftest reads them: a package for each, and one that asks all of them about a document. */
import { type Parameters, type Rule, readFrame, scopeOf } from "./rules.ts";

/** File name → text. */
export function regoFiles(rules: readonly Rule[], parameters: Parameters): ReadonlyMap<string, string> {
  const files = new Map(rules.map((rule) => [`${packageOf(rule)}.rego`, ruleText(rule)]));
  files.set("main.rego", `package main\n\n${GROUP}\n${rules.map(denial).join("\n")}`);
  files.set("parameters.json", JSON.stringify({ parameters }));
  return files;
}

function ruleText(rule: Rule): string {
  // By function: what replaces is text, not a pattern.
  const frame = readFrame(rule.of)
    .replaceAll("RULE", () => rule.name)
    .replaceAll("KIND", () => rule.of)
    .replaceAll("SAYS", () => rule.says);
  return `package rules.${packageOf(rule)}\n\n${frame}\n${rule.rego}`;
}

function denial(rule: Rule): string {
  const kinds = scopeOf(rule.of).flatMap(({ group, kinds }) => kinds.map((kind) => `${group}/${kind}`));
  return `deny contains msg if {
  concat("/", [group, input.kind]) in ${JSON.stringify(kinds)}
  some msg in data.rules.${packageOf(rule)}.refusals(input, data.parameters)
}
`;
}

const GROUP = `group := "" if not contains(input.apiVersion, "/")

group := split(input.apiVersion, "/")[0] if contains(input.apiVersion, "/")
`;

function packageOf({ name }: Rule): string {
  return name.replaceAll("-", "_");
}
