/**
 * Objectives of the canvases as rules: the share of bad events over seven windows is recorded, and an alert fires where two windows burn the
 * error budget of thirty days at once (Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").
 */
import type { Objective } from "@countersign/runtime";
import { type Alert, anyOf, type Case, of } from "./alert.ts";
import { topology } from "./topology.ts";

export interface MeasuredSlo {
  readonly agent: string;
  /** As the label `slo` has it. */
  readonly slo: string;
  readonly name: string;
  readonly target: string;
  readonly objective: Objective;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

type DurationObjective = Extract<Objective, { readonly withinSeconds: number }>;
type LevelObjective = Exclude<Objective, DurationObjective>;

interface Burn {
  readonly severity: "page" | "ticket";
  /** How many times faster than the budget allows. */
  readonly factor: number;
  readonly long: string;
  readonly short: string;
}

/** What each of them spends before it fires: 2 %, 5 %, 10 % and 10 % of the budget. */
const BURNS: readonly Burn[] = [
  { severity: "page", factor: 14.4, long: "1h", short: "5m" },
  { severity: "page", factor: 6, long: "6h", short: "30m" },
  { severity: "ticket", factor: 3, long: "1d", short: "2h" },
  { severity: "ticket", factor: 1, long: "3d", short: "6h" },
];
const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
/** Fewer events, or scrapes, than these in the longer window say nothing. */
const EVENTS_MIN = 20;

export function measuredSlos(): readonly MeasuredSlo[] {
  return Object.entries(topology.agents).flatMap(([agent, { slos }]) =>
    slos.flatMap(({ name, target, objective }) =>
      objective === undefined ? [] : [{ agent, slo: slugOf(name), name, target, objective }],
    ),
  );
}

export function sloAlertOf(agent: string): string {
  return `${agent[0]?.toUpperCase()}${agent.slice(1)}SloBurning`;
}

export function recordings(one: MeasuredSlo): readonly Recording[] {
  const { agent, slo, objective } = one;
  const labels = { agent, slo };
  const level = isLevel(objective) ? [{ record: BAD, expr: isBad(one, objective), labels }] : [];
  const perWindow = WINDOWS.map((window) => ({ record: ratio(window), expr: badShare(one, window), labels }));
  const longs = [...new Set(BURNS.map(({ long }) => long))];
  return [
    ...level,
    ...perWindow,
    ...longs.map((window) => ({ record: events(window), expr: eventsIn(one, window), labels })),
  ];
}

/** A page and a ticket. A burn that no share of bad events can reach is left out: half of all events is no budget. */
export function sloAlerts(one: MeasuredSlo): readonly Alert[] {
  return (["page", "ticket"] as const).flatMap((severity) => {
    const burns = BURNS.filter((burn) => burn.severity === severity && burn.factor * budgetOf(one) < 1);
    return burns.length === 0 ? [] : [alertOf(one, severity, burns)];
  });
}

function alertOf(one: MeasuredSlo, severity: "page" | "ticket", burns: readonly Burn[]): Alert {
  const { agent, slo, name, target } = one;
  const matchers = `agent="${agent}",slo="${slo}"`;
  const conditions = burns.map(({ factor, long, short }) => {
    const threshold = Number((factor * budgetOf(one)).toPrecision(6));
    const burnsIn = (window: string) => `${of(ratio(window), matchers)} > ${threshold}`;
    return `(${burnsIn(long)} and ${burnsIn(short)} and ${of(events(long), matchers)} >= ${EVENTS_MIN})`;
  });
  const soon = severity === "page" ? "within two days" : "before thirty days are over";
  return {
    name: sloAlertOf(agent),
    severity,
    owner: "platform",
    dashboard: "agents",
    expr: conditions.join(" or "),
    labels: { agent, slo },
    summary: `${agent} misses its objective "${name}"`,
    description: `{{ $value | humanizePercentage }} of what ${agent} did was outside of "${name}: ${target}"; at this pace the error budget is gone ${soon}.`,
    mitigation:
      severity === "page"
        ? "roll back what was rolled out last; see what the agent waits for"
        : "see what the agent waits for",
    fires: { ...(severity === "page" ? fast(one) : slow(one)), labels: { agent, slo } },
    quiet: within(one),
  };
}

/** Everything is bad for four hours. */
function fast(one: MeasuredSlo): Case {
  const series = isLevel(one.objective) ? levels(one, one.objective, ["bad", 240]) : counts(one, 1);
  return { series, at: "4h", together: "burns fast" };
}

/** Twice what the budget allows: no page. Of a gauge all of it at the end of 42 hours. */
function slow(one: MeasuredSlo): Case {
  const bad = inLooks(2 * budgetOf(one) * 2_520);
  const series = isLevel(one.objective)
    ? levels(one, one.objective, ["good", 2_500 - bad], ["bad", bad], ["good", 100])
    : counts(one, 2 * budgetOf(one));
  return { series, at: "42h", together: "burns slowly" };
}

/** Half of what the budget allows. Of a gauge all of it at the beginning of three days. */
function within(one: MeasuredSlo): Case {
  const bad = inLooks((budgetOf(one) / 2) * 4_320);
  const series = isLevel(one.objective)
    ? levels(one, one.objective, ["good", 50], ["bad", bad], ["good", 4_300])
    : counts(one, budgetOf(one) / 2);
  return { series, at: "72h", together: "stays within" };
}

/** Minutes, in whole looks of promtool: it looks every ten. */
function inLooks(minutes: number): number {
  return Math.ceil(minutes / 10) * 10;
}

const PER_MINUTE = 10;

function counts({ agent, objective }: MeasuredSlo, badShare: number): Readonly<Record<string, string>> {
  if (isLevel(objective)) return {};
  const [process = agent] = topology.agents[agent]?.processes ?? [];
  const pairs = [["agent", process], ...Object.entries(objective.labels)];
  const labels = pairs.map(([name, value]) => `${name}="${value}"`).join(",");
  const rising = (perMinute: number) => `0+${Number(perMinute.toPrecision(6))}x4320`;
  return {
    [of(`${objective.metric}_bucket`, `${labels},le="${leOf(objective.withinSeconds)}"`)]: rising(
      PER_MINUTE * (1 - badShare),
    ),
    [of(`${objective.metric}_count`, labels)]: rising(PER_MINUTE),
  };
}

function levels(
  { agent }: MeasuredSlo,
  { metric, at = agent, atMost, atLeast = 0 }: LevelObjective,
  ...courses: readonly (readonly ["good" | "bad", minutes: number])[]
): Readonly<Record<string, string>> {
  const value = atMost === undefined ? { good: atLeast, bad: atLeast - 1 } : { good: 0, bad: 2 * atMost };
  return { [of(metric, `agent="${at}"`)]: courses.map(([how, minutes]) => `${value[how]}x${minutes - 1}`).join(" ") };
}

function badShare(one: MeasuredSlo, window: string): string {
  const { agent, slo, objective } = one;
  if (isLevel(objective)) return `avg_over_time(${of(BAD, `agent="${agent}",slo="${slo}"`)}[${window}])`;
  const rate = (suffix: string, more = "") =>
    `sum by (namespace) (rate(${of(`${objective.metric}_${suffix}`, matchersOf(agent, objective) + more)}[${window}]))`;
  return `1 - ${rate("bucket", `,le="${leOf(objective.withinSeconds)}"`)} / (${rate("count")} > 0)`;
}

function eventsIn({ agent, slo, objective }: MeasuredSlo, window: string): string {
  if (isLevel(objective)) return `count_over_time(${of(BAD, `agent="${agent}",slo="${slo}"`)}[${window}])`;
  return `sum by (namespace) (increase(${of(`${objective.metric}_count`, matchersOf(agent, objective))}[${window}]))`;
}

/** 1 or 0; of several that show it the mean. */
function isBad({ agent }: MeasuredSlo, { metric, at = agent, atMost, atLeast }: LevelObjective): string {
  const shown = of(metric, agentMatcher(at));
  return `avg by (namespace) (${shown} ${atMost === undefined ? `< bool ${atLeast}` : `> bool ${atMost}`})`;
}

function matchersOf(agent: string, { labels }: DurationObjective): string {
  return [agentMatcher(agent), ...Object.entries(labels).map(([name, value]) => `${name}="${value}"`)].join(",");
}

function agentMatcher(agent: string): string {
  const processes = topology.agents[agent]?.processes ?? [agent];
  return anyOf("agent", processes);
}

/** As the page prints a bound. */
function leOf(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}.0` : String(seconds);
}

function isLevel(objective: Objective): objective is LevelObjective {
  return !("withinSeconds" in objective);
}

function budgetOf({ objective: { ratio: good } }: MeasuredSlo): number {
  return Number((1 - good).toPrecision(6));
}

function slugOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

const BAD = "countersign:slo_bad";
const ratio = (window: string) => `countersign:slo_bad:ratio_${window}`;
const events = (window: string) => `countersign:slo_events:${window}`;
