/** Dates on the command line. */
import { InputError } from "@countersign/platform";

export interface Window {
  /** Trading begins with the first event at or after it. */
  readonly fromMs: number;
  /** The first moment that does not belong to it. */
  readonly toMs: number;
}

export type OpenWindow = { readonly [Side in keyof Window]: Window[Side] | undefined };

/** Dates are whole days, UTC, the last one included; times are ISO 8601, UTC unless they say otherwise. Throws InputError. */
export function windowOf(from: string | undefined, to: string | undefined): OpenWindow {
  const fromMs = from === undefined ? undefined : parseMoment("--from", from);
  const toMs = to === undefined ? undefined : parseMoment("--to", to) + (isDate(to) ? DAY_MS : 0);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new InputError("BAD_OPTION", `--from ${from} is not before --to ${to}`);
  return { fromMs, toMs };
}

function parseMoment(option: string, text: string): number {
  const hasZone = isDate(text) || /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const ms = Date.parse(hasZone ? text : `${text}Z`);
  const isPlain = /^\d{4}-\d\d-\d\d/.test(text);
  if (!isPlain || Number.isNaN(ms))
    throw new InputError(
      "BAD_OPTION",
      `${option} ${text}: write a date such as 2015-06-01, or a time such as 2015-06-01T14:30`,
    );
  // 2015-02-30 is the second of March to Date.parse where it is lenient.
  if (isDate(text) && new Date(ms).toISOString().slice(0, 10) !== text)
    throw new InputError("BAD_OPTION", `${option} ${text}: there is no such day`);
  return ms;
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

export const DAY_MS = 86_400_000;
