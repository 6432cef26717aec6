/** An explanation on a terminal: one branch a step, in the order in which one led to the next. */
import type { Fact, JudgedRule, Why, WhyStep } from "@countersign/platform";
import { moment } from "./terminal/figures.ts";
import { fit, type Style } from "./terminal/style.ts";

export function whyTree({ told, steps }: Why, style: Style): readonly string[] {
  const head = `#${told.n} ${moment(told.atMs, true)} ${told.kind} ${told.what}`;
  return [
    style.paint("bold", fit(head, style.width)),
    ...steps.flatMap((step, n) => branch(step, n === steps.length - 1, style)),
    ...(steps.length === 0 ? ["└─ nothing on record leads to it"] : []),
  ];
}

/** What it stands on, said below it. */
export function standsOn({ steps }: Why): string {
  const records = new Set(steps.flatMap(({ record }) => record ?? []));
  return `${records.size} records, read and not verified`;
}

function branch(step: WhyStep, isLast: boolean, style: Style): readonly string[] {
  const { paint, width } = style;
  const [elbow, trunk] = isLast ? ["└─ ", "   "] : ["├─ ", "│  "];
  const when = step.atMs === undefined ? "" : moment(step.atMs, true);
  const id = step.record === undefined ? "" : `  ${shortId(step.record)}`;
  const stamp = when + id;
  const text = fit(step.text, Math.max(20, width - elbow.length - STEP - stamp.length - 2));
  const details = [...ruleLines(step.rules ?? [], style), ...factLines(step.facts ?? [])];
  return [
    `${elbow}${paint("bold", step.step.padEnd(STEP))}${text}${stamp === "" ? "" : `  ${paint("dim", stamp)}`}`,
    ...details.map((line) => `${trunk}${" ".repeat(STEP)}${fit(line, width - STEP - trunk.length)}`),
  ];
}

/** Ids and digests a line each; numbers beside each other. */
function factLines(facts: readonly Fact[]): readonly string[] {
  const lines: string[] = [];
  for (const { name, value } of facts) {
    const text = `${name} ${value}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + text.length + 3 <= FACTS_WIDTH)
      lines[lines.length - 1] = `${last} · ${text}`;
    else lines.push(text);
  }
  return lines;
}

/** The first that was breached with its sentence; each with value and limit. */
function ruleLines(rules: readonly JudgedRule[], { paint }: Style): readonly string[] {
  const name = Math.max(0, ...rules.map(({ rule }) => rule.length));
  const value = Math.max(0, ...rules.map((rule) => rule.value.length));
  return rules.map((rule) => {
    const line = `${rule.breached ? "✗" : "✓"} ${rule.rule.padEnd(name)}  ${rule.value.padStart(value)}  ${rule.action} when ${rule.comparator} ${rule.threshold}`;
    return rule.breached ? paint("yellow", `${line}: ${rule.explanation}`) : line;
  });
}

/** The time is in front of a UUIDv7, its random part at the end. */
function shortId(id: string): string {
  return id.length < 24 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`;
}

const STEP = 9;
const FACTS_WIDTH = 100;
