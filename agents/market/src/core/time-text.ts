/**
 * A time as files write it, in milliseconds since 1970-01-01 UTC; undefined when the form is unknown.
 *
 * - ISO 8601 with a zone; without one it is UTC: `2014-05-02T12:30:00.123+02:00`, `2014-05-02 12:30`, `2014-05-02`
 * - the same with `.` or `/` between, or with nothing: `2014.05.02 12:30:00` (MetaTrader), `20140502 123000`, `20140502123000`
 * - day first only with points: `02.05.2014 12:30:00.046` (Dukascopy). `05/02/2014` is unknown: nobody can tell its month
 * - epoch, its unit by magnitude: seconds below 10^11, milliseconds below 10^14, microseconds below 10^17, else nanoseconds.
 *   Eight digits are a date; parts of a millisecond are cut off
 */
export function parseTime(text: string): number | undefined {
  const epoch = EPOCH.exec(text);
  if (epoch) return parseEpoch(epoch[1] as string, epoch[2] ?? "");
  const year = YEAR_FIRST.exec(text);
  if (year) return assemble(year[1], year[3], year[4], year);
  const day = DAY_FIRST.exec(text);
  return day ? assemble(day[4], day[3], day[1], day) : undefined;
}

/** The fast way for the commonest column: milliseconds in 12 or 13 digits. NaN when the bytes are anything else. */
export function epochMsOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 12 || end - start > 13) return Number.NaN;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value >= 1e11 ? value : Number.NaN;
}

function parseEpoch(whole: string, fraction: string): number | undefined {
  if (fraction === "" && (whole.length === 8 || whole.length === 14)) {
    const date = YEAR_FIRST.exec(whole);
    return date ? assemble(date[1], date[3], date[4], date) : undefined;
  }
  const value = Number(whole);
  if (value < 1e11) return value * 1000 + Number(fraction.padEnd(3, "0").slice(0, 3));
  if (value < 1e14) return value;
  return Number(BigInt(whole) / (value < 1e17 ? 1_000n : 1_000_000n));
}

function assemble(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  rest: RegExpExecArray,
): number | undefined {
  const [hour = "0", minute = "0", second = "0", fraction = "", zone = ""] = rest.slice(5);
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(midnight);
  // Date.UTC turns 31 April into 1 May; here it is a mistake in the file.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const milliseconds = Number(fraction.padEnd(3, "0").slice(0, 3));
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + milliseconds - zoneMs(zone);
}

function zoneMs(zone: string): number {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (!parts) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return (parts[1] === "-" ? -minutes : minutes) * 60_000;
}

const CLOCK = String.raw`(?:[T ,]?\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.]?)(\d\d)\2(\d\d)${CLOCK}`, "i");
const DAY_FIRST = new RegExp(String.raw`^(\d\d)(\.)(\d\d)\.(\d{4})${CLOCK}`, "i");
const EPOCH = /^(\d{1,19})(?:\.(\d+))?$/;
