/**
 * `node scripts/cluster/canary.ts [--dir /etc/countersign] [--within 120] [--allow-quiet]`: follows the next order of a running cluster from
 * its permit to the ledger. Exit code 0 when it arrived; 1 when it did not, with the last place at which one was seen; 3 when none began:
 * that says nothing about the cluster, and a quiet market is no failure of it. With --allow-quiet that is 0, too, and the last line says so.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseOptions } from "../options.ts";
import { listen } from "./listen.ts";
import { furthest, isWhole, Ways } from "./order-ways.ts";

const { values } = parseOptions({
  options: {
    dir: { type: "string", default: "/etc/countersign" },
    within: { type: "string", default: "120" },
    "allow-quiet": { type: "boolean", default: false },
  },
});
const withinMs = Number(values.within) * 1_000;
if (!(withinMs > 0)) {
  console.error(`--within ${values.within}: give seconds above 0, such as 120`);
  process.exit(2);
}

const ways = new Ways();
const listening = await listen({ dir: values.dir, name: "canary" }, (...said) => ways.heard(...said));
console.log(`waiting ${values.within} s for an order`);
for (const untilMs = performance.now() + withinMs; performance.now() < untilMs; await wait(200)) {
  const whole = ways.all().find(isWhole);
  if (whole !== undefined)
    await end(0, `an order went from its permit to the ledger in ${whole.toMs - whole.fromMs} ms`);
}
const last = furthest(ways.all());
if (last !== undefined) await end(1, `no order arrived; one came as far as ${last}`);
if (values["allow-quiet"]) await end(0, "no order began: nothing was followed, and a quiet market is allowed here");
await end(3, "no order began: is the market open, and trading?");

async function end(code: number, says: string): Promise<never> {
  const { authentic, not } = listening.heard;
  console.log(`heard ${authentic} messages, and ${not} that nobody has signed who may`);
  console.log(says);
  await listening[Symbol.asyncDispose]();
  process.exit(code);
}
