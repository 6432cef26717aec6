import { sha256 } from "@countersign/envelope";
import { compare, type Fixed, type Money } from "@countersign/orders";
import { PolicyError } from "./error.ts";
import { jsonLines } from "./json-lines.ts";
import { FieldReader } from "./limits-reader.ts";
import {
  type Action,
  actions,
  type Comparator,
  comparatorsOf,
  type MetricName,
  metricNames,
  metricOf,
  type Scope,
} from "./metrics.ts";

/** What one limits file says. */
export interface Limits {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** The only symbols that may be traded. */
  readonly symbols: readonly string[];
  readonly approvals: {
    /** How long a person may think, ms of decision time. */
    readonly ttlMs: number;
    /** How many persons have to approve. */
    readonly persons: number;
    /** Above this, in the account's currency, at least two. */
    readonly twoPersonsAbove: Fixed | undefined;
  };
  readonly permitTtlMs: number;
  /** SHA-256 of the file's bytes: the policy version in every permit. */
  readonly digest: Uint8Array;
  /** For messages. */
  readonly file: string;
}

export interface Rule {
  readonly rule: string;
  readonly metric: MetricName;
  readonly scope: Scope;
  /** Breached when the value stands in this relation to the threshold. */
  readonly comparator: Comparator;
  readonly threshold: Fixed;
  /** As it is written. */
  readonly thresholdText: string;
  readonly action: Action;
  /** A sentence of the author's own, for the person who reads a refusal. */
  readonly explain: string | undefined;
  /** Bars that a statistic looks back on. */
  readonly window: number | undefined;
  /** Of a value at risk. */
  readonly confidence: number | undefined;
  /** Of a halt: breaches in a row, each on a fresh quote, before it latches. A single bad price halts nobody. */
  readonly samples: number;
  readonly line: number;
}

/** Throws PolicyError `BAD_LIMITS` with one line: `limits/my.json:7: rules[2].threshold: expected a decimal string, got 'abc'`. */
export function parseLimits(bytes: Uint8Array, file: string): Limits {
  const text = new TextDecoder().decode(bytes);
  const root = readJson(text, file);
  const lines = jsonLines(text);
  const [repeated] = lines.repeated;
  if (repeated !== undefined) throw bad(file, lines.lineOf(repeated), `${repeated}: stands there twice`);
  const read = new FieldReader(root, "", { file, lines });
  read.only(["name", "rules", "symbols", "approvals", "permitTtlSeconds"]);
  const name = read.text("name");
  const rules = read.objects("rules").map(readRule);
  if (rules.length === 0) throw read.wrong("rules", "at least one rule: a missing limit allows nothing"); // P10.limit
  for (const [index, { rule }] of rules.entries())
    if (rules.findIndex((other) => other.rule === rule) < index)
      throw read.wrong(`rules[${index}].rule`, "a name of its own", rule);
  const symbols = read.texts("symbols");
  if (symbols.length === 0) throw read.wrong("symbols", "at least one symbol: what is not listed is not traded");
  const approvals = read.object("approvals");
  approvals.only(["ttlSeconds", "persons", "twoPersonsAbove"]);
  return {
    name,
    rules,
    symbols,
    approvals: {
      ttlMs: approvals.integer("ttlSeconds", 1, 86_400) * 1000,
      persons: approvals.has("persons") ? approvals.integer("persons", 1, 9) : 1,
      twoPersonsAbove: approvals.has("twoPersonsAbove") ? approvals.decimal("twoPersonsAbove").value : undefined,
    },
    permitTtlMs: read.integer("permitTtlSeconds", 1, 3600) * 1000,
    digest: sha256(bytes),
    file,
  };
}

/** How many persons an order of this size takes, its siblings included. */
export function personsNeeded({ approvals }: Limits, { units, scale }: Money): number {
  const { persons, twoPersonsAbove } = approvals;
  const isLarge = twoPersonsAbove !== undefined && compare({ units, scale }, twoPersonsAbove) > 0;
  return isLarge ? Math.max(persons, 2) : persons;
}

function readRule(read: FieldReader): Rule {
  read.only(RULE_FIELDS);
  const metric = read.word("metric", metricNames);
  const facts = metricOf(metric);
  for (const option of ["window", "confidence"] as const)
    if (read.has(option) && facts[option] === undefined)
      throw read.wrong(option, `nothing: ${metric} has no ${option}`, read.value(option));
  const action = read.word("action", actions);
  if (read.has("samples") && action !== "halt")
    throw read.wrong("samples", "nothing: only a halt waits for several", read.value("samples"));
  const threshold = read.decimal("threshold");
  const rule: Rule = {
    rule: read.text("rule"),
    metric,
    scope: read.word("scope", facts.scopes),
    comparator: read.word("comparator", comparatorsOf(facts)),
    threshold: threshold.value,
    thresholdText: threshold.text,
    action,
    explain: read.has("explain") ? read.text("explain") : undefined,
    window: facts.window ? read.integer("window", 2, 5000) : undefined,
    confidence: facts.confidence ? Number(read.fraction("confidence")) : undefined,
    samples: read.has("samples") ? read.integer("samples", 1, 100) : HALT_SAMPLES,
    line: read.line,
  };
  // An order statistic needs at least one observation in the tail.
  if (metric === "var_historical" && (rule.window ?? 0) * (1 - (rule.confidence ?? 0)) < 1 - 1e-9)
    throw read.wrong(
      "window",
      `at least ${Math.ceil(1 / (1 - (rule.confidence ?? 0)) - 1e-9)} bars for this confidence`,
      rule.window,
    );
  return rule;
}

/** Three fresh samples are what keeps a phantom price from halting an account, and still act within seconds. */
const HALT_SAMPLES = 3;

const RULE_FIELDS = [
  "rule",
  "metric",
  "scope",
  "comparator",
  "threshold",
  "action",
  "explain",
  "window",
  "confidence",
  "samples",
] as const;

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = Number(/\(line (\d+) /.exec(message)?.[1] ?? text.trimEnd().split("\n").length);
    throw bad(file, line, message.replace(/ in JSON at position.*$/, ""));
  }
}

function bad(file: string, line: number, text: string): PolicyError {
  return new PolicyError("BAD_LIMITS", `${file}:${line}: ${text}`);
}
