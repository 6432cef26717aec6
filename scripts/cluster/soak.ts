/**
 * `node scripts/cluster/soak.ts [--dir /etc/countersign] [--for 2h] [--within 60]`: follows every order of a running cluster from its permit
 * to the ledger, and prints a line a minute. Exit code 0 when every order that began more than --within seconds before the end arrived, or
 * ended for a reason; 1 with those that did not; 3 when none began.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseOptions } from "../options.ts";
import { listen } from "./listen.ts";
import { Tally } from "./tally.ts";

/** Of "90s", "30m" or "2h"; NaN of anything else. */
export function durationMs(text: string): number {
  const [, count, unit = ""] = /^(\d+)([smh])$/.exec(text) ?? [];
  return Number(count) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? Number.NaN);
}

async function main(): Promise<number> {
  const { values } = parseOptions({
    options: {
      dir: { type: "string", default: "/etc/countersign" },
      for: { type: "string", default: "2h" },
      within: { type: "string", default: "60" },
    },
  });
  const [forMs, withinMs] = [durationMs(values.for), Number(values.within) * 1_000];
  if (!(withinMs > 0 && forMs > withinMs)) {
    console.error(`--for ${values.for} --within ${values.within}: give a time such as 2h, and fewer seconds above 0`);
    return 2;
  }
  const tally = new Tally(withinMs);
  await using listening = await listen({ dir: values.dir, name: "soak" }, (...said) => tally.ways.heard(...said));
  console.log(`following every order for ${values.for}`);
  let unauthentic = 0;
  for (const untilMs = performance.now() + forMs; untilMs - performance.now() > TIMER_MS; ) {
    await wait(Math.min(60_000, untilMs - performance.now()));
    const { not } = listening.heard;
    console.log(tally.line(Date.now(), not - unauthentic));
    unauthentic = not;
  }
  const { code, lines } = tally.verdict(Date.now());
  for (const line of lines) console.log(line);
  return code;
}

/** A timer may come a moment early. */
const TIMER_MS = 10;

if (import.meta.main) process.exit(await main());
