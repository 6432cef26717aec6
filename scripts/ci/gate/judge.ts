/**
 * Whether a release may go on: a pure function of what was measured. What was not measured speaks against it, and so does what cannot be
 * compared.
 */
export interface Objective {
  readonly agent: string;
  readonly slo: string;
  /** The share that has to be good. */
  readonly ratio: number;
}

export interface Measured {
  /** The share of bad events in the window. */
  readonly bad: number | undefined;
  readonly events: number | undefined;
}

export interface Evidence {
  readonly objective: Objective;
  readonly now: Measured;
  /** The same window before the release; `none` where nothing ran before. */
  readonly before: Measured | "none";
}

export interface Judgement {
  readonly objective: Objective;
  readonly passes: boolean;
  readonly why: string;
}

/** Fewer events say nothing about a share: at 99 %, one of them would be the whole budget. */
export const EVENTS_MIN = 100;
/** Of the error budget, how much more than before a release may spend. */
const MORE = 0.2;

export function judge({ objective, now, before }: Evidence): Judgement {
  const said = (passes: boolean, why: string): Judgement => ({ objective, passes, why });
  const budget = 1 - objective.ratio;
  if (!isShare(now.bad)) return said(false, "not measured");
  if (!isEnough(now.events)) return said(false, `${now.events ?? "no"} events, and ${EVENTS_MIN} are needed`);
  if (now.bad > budget) return said(false, `${percent(now.bad)} bad, and ${percent(budget)} are allowed`);
  if (before === "none") return said(true, `${percent(now.bad)} bad; nothing ran before`);
  if (!isShare(before.bad) || !isEnough(before.events)) return said(false, "not measured before the release");
  const more = now.bad - before.bad;
  const compared = `${percent(now.bad)} bad, ${percent(before.bad)} before`;
  return said(more <= budget * MORE, compared);
}

function isShare(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= 1;
}

function isEnough(events: number | undefined): boolean {
  return events !== undefined && events >= EVENTS_MIN;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
