/** Whether a soak stayed as it was: each quarter of its time beside the others. */
import type { SentOrder } from "../bench/orders.ts";
import { quantile } from "../support/quantile.ts";
import type { Held, Sample } from "./sample.ts";

const QUARTERS = 4;
/** What the last quarter may be, times the second: the first is for compiling, connecting and warming up. */
const GROWTH_MAX = { rss: 1.1, handles: 1.1, latency: 1.25 };
/** A reader that is so far behind is no longer trading on the present. */
const LAG_MAX_SECONDS = 5;

/** Prints the tables. @returns whether nothing grew */
export function report(samples: readonly Sample[], orders: readonly SentOrder[], forMs: number): boolean {
  const beganMs = samples[0]?.atMs ?? 0;
  const quarterOf = (atMs: number) => Math.min(QUARTERS - 1, Math.floor(((atMs - beganMs) * QUARTERS) / forMs));
  const inQuarter = (n: number) => samples.filter(({ atMs }) => quarterOf(atMs) === n);
  const names = [...(samples.at(-1)?.processes.keys() ?? [])];
  const medians = (name: string, what: keyof Held) =>
    quarters((n) =>
      quantile(
        inQuarter(n).map(({ processes }) => processes.get(name)?.[what] ?? Number.NaN),
        0.5,
      ),
    );
  const findings: string[] = [];
  const judge = (what: string, row: readonly number[], growthMax: number) => {
    const growth = (row.at(-1) ?? Number.NaN) / (row[1] ?? Number.NaN);
    if (!(growth <= growthMax))
      findings.push(`${what}: ${growth.toFixed(2)} times the second quarter, at most ${growthMax}`);
  };

  console.log(`\n${samples.length} samples, ${orders.length} orders; medians of each quarter`);
  console.log(`${"".padEnd(16)}${"resident set, MB".padEnd(28)}handles`);
  for (const name of names) {
    const [rss, handles] = [medians(name, "rssMb"), medians(name, "handles")];
    console.log(`${name.padEnd(16)}${row(rss).padEnd(28)}${row(handles)}`);
    judge(`${name}, resident set`, rss, GROWTH_MAX.rss);
    judge(`${name}, handles`, handles, GROWTH_MAX.handles);
  }

  const worst = (what: keyof Held) =>
    quarters((n) =>
      quantile(
        inQuarter(n).map(({ processes }) => Math.max(...[...processes.values()].map((one) => one[what]))),
        0.95,
      ),
    );
  const lag = worst("lagSeconds");
  console.log(
    `\nof the slowest process, p95 of each quarter\nlag, s          ${row(lag, 2)}\noutbox age, s   ${row(worst("outboxAgeSeconds"), 2)}`,
  );
  if (!(Math.max(...lag) <= LAG_MAX_SECONDS))
    findings.push(`lag: ${Math.max(...lag).toFixed(1)} s, at most ${LAG_MAX_SECONDS}`);

  const delays = (n: number) =>
    orders.filter(({ venueMs }) => quarterOf(venueMs) === n).map(({ quoteMs, venueMs }) => venueMs - quoteMs);
  const p95 = quarters((n) => quantile(delays(n), 0.95));
  console.log(`\nquote → order at the venue, ms\norders          ${row(quarters((n) => delays(n).length))}`);
  console.log(`p50             ${row(quarters((n) => quantile(delays(n), 0.5)))}\np95             ${row(p95)}`);
  judge("latency, p95", p95, GROWTH_MAX.latency);

  console.log(findings.length === 0 ? "\nnothing grew" : `\n${findings.join("\n")}`);
  return findings.length === 0;
}

function quarters(of: (n: number) => number): readonly number[] {
  return Array.from({ length: QUARTERS }, (_, n) => of(n));
}

function row(values: readonly number[], digits = 0): string {
  return values.map((value) => value.toFixed(digits).padStart(6)).join("");
}
