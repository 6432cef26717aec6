/** The shape of an explanation: steps in the order in which one led to the next. Text as people read it, ids whole. */
import type { Feature, RuleResult } from "@countersign/contracts";
import type { Told } from "../told.ts";

export interface Why {
  /** The line that was asked about. */
  readonly told: Told;
  readonly steps: readonly WhyStep[];
}

export interface WhyStep {
  readonly step:
    | "quote"
    | "signal"
    | "cause"
    | "intent"
    | "policy"
    | "permit"
    | "approval"
    | "order"
    | "hedge"
    | "fill"
    | "entry"
    | "halt"
    | "resume"
    | "refused"
    | "totals";
  readonly text: string;
  /** Decision time; for a quote the market's. */
  readonly atMs?: number;
  /** The msg_id of the record it stands on. */
  readonly record?: string;
  readonly facts?: readonly Fact[];
  readonly rules?: readonly JudgedRule[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface JudgedRule {
  readonly rule: string;
  readonly metric: string;
  readonly scope: string;
  /** As it was recorded: decimals in text, or "unknown". */
  readonly value: string;
  readonly comparator: string;
  readonly threshold: string;
  readonly breached: boolean;
  readonly action: string;
  readonly explanation: string;
}

/** When a record was said, and which it is. */
export interface At {
  readonly atMs: number;
  readonly record: string;
}

/** What is not on record is never made up. */
export const UNKNOWN = "—";

export function fact(name: string, value: string | undefined): Fact {
  return { name, value: value === undefined || value === "" ? UNKNOWN : value };
}

export function facts(features: readonly Feature[]): readonly Fact[] {
  return features.map(({ name, value }) => fact(name ?? UNKNOWN, number(value)));
}

/** Six digits: more than anybody decides by. */
export function number(value: number | undefined): string {
  return value === undefined ? UNKNOWN : String(Number(value.toPrecision(6)));
}

export function percent(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${Number((value * 100).toPrecision(4))} %`;
}

export function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? UNKNOWN : Buffer.from(bytes).toString("hex");
}

export function time(atMs: number | bigint | undefined): string {
  return atMs === undefined ? UNKNOWN : new Date(Number(atMs)).toISOString().replace("T", " ").replace("Z", "");
}

export function judged({
  rule,
  metric,
  scope,
  value,
  comparator,
  threshold,
  breached,
  action,
  explanation,
}: RuleResult) {
  const text = (field: string | undefined) => field ?? UNKNOWN;
  return {
    rule: text(rule),
    metric: text(metric),
    scope: text(scope),
    value: text(value),
    comparator: text(comparator),
    threshold: text(threshold),
    breached: breached === true,
    action: text(action),
    explanation: text(explanation),
  } satisfies JudgedRule;
}
