/**
 * No look-ahead: a run over the first n quotes writes the same audit records as the first part of the full run, for fifty n. Whatever an
 * agent could know of the future would show in a record before it.
 */

import { Prng, uniform } from "@countersign/quant";
import { expect, it } from "vitest";
import { auditBodies, runDayInMemory } from "./support/day.ts";

const days = { from: "2015-07-15", to: "2015-09-30" };
const runs = 50;

it("the first n quotes write the first records of the whole run, for fifty n", async () => {
  const { all, quotes } = await runDayInMemory(days, async (result) => ({
    all: await auditBodies(result),
    quotes: result.embedded.feed.counts.quote - result.warmUpQuotes,
  }));
  expect(all.length).toBeGreaterThan(60);
  const seed = BigInt(Math.floor(Math.random() * 2 ** 32));
  console.log(`no look-ahead: ${quotes} quotes, ${all.length} records, seed ${seed}`);
  const prng = new Prng(seed);
  const lengths = new Set<number>();
  for (let run = 0; run < runs; run++) {
    const n = 1 + Math.floor(uniform(prng) * (quotes - 1));
    const some = await runDayInMemory({ ...days, quotes: n }, auditBodies);
    lengths.add(some.length);
    expect(some, `the first ${n} quotes, seed ${seed}`).toEqual(all.slice(0, some.length));
  }
  // Runs that all stop before anything happens would prove nothing.
  expect(lengths.size).toBeGreaterThan(5);
}, 300_000);
