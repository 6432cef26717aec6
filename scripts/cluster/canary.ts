/**
 * `node scripts/cluster/canary.ts [--dir /etc/countersign] [--within 120]`: follows the next order of a running cluster from its permit to
 * the ledger. Exit code 0 when it arrived; 1 when it did not, with the last place at which one was seen; 3 when none began: that says
 * nothing about the cluster, and a quiet market is no failure of it.
 *
 * It only listens. What it hears counts where the signature holds by the keys that the control log grants.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KafkaBus } from "@countersign/bus/kafka";
import { openEnvelope } from "@countersign/envelope";
import { kafkaOf, readSpec } from "@countersign/platform";
import { payloadOf } from "@countersign/runtime";
import { readControlLog } from "../../platform/src/processes/control-log.ts";
import { furthest, isWhole, Ways } from "./order-ways.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string", default: "/etc/countersign" },
    within: { type: "string", default: "120" },
  },
});
const withinMs = Number(values.within) * 1_000;
if (!(withinMs > 0)) {
  console.error(`--within ${values.within}: give seconds above 0, such as 120`);
  process.exit(2);
}

const kafka = kafkaOf(values.dir, readSpec(values.dir));
const fence = await readControlLog(kafka, readSpec(values.dir));
const ways = new Ways();
const heard = { authentic: 0, not: 0 };
const bus = new KafkaBus({ ...kafka, clientId: "countersign-canary", onError: () => {} });
await bus.subscribe(
  {
    topics: ["risk.policy.v1", "orders.execution.v1", "ledger.entries.v1"],
    // Brokers know the desk's groups by their beginning.
    as: { kind: "every", name: "desk.canary" },
    from: "latest",
    maxInFlightBytes: 4_000_000,
    maxProcessingMs: 30_000,
  },
  ({ records }) => {
    for (const { value } of records) {
      const opened = openEnvelope(value, fence.keys);
      heard[opened.ok ? "authentic" : "not"]++;
      const payload = opened.ok ? payloadOf(opened) : undefined;
      if (opened.ok && payload !== undefined) ways.heard(opened.body.type, payload, Date.now());
    }
    return { through: records.at(-1)!.offset };
  },
);
console.log(`waiting ${values.within} s for an order`);
for (const untilMs = performance.now() + withinMs; performance.now() < untilMs; await wait(200)) {
  const whole = ways.all().find(isWhole);
  if (whole !== undefined) await end(0, `an order went from its permit to the ledger in ${whole.tookMs} ms`);
}
const last = furthest(ways.all());
await end(
  last === undefined ? 3 : 1,
  last === undefined
    ? "no order began: is the market open, and trading?"
    : `no order arrived; one came as far as ${last}`,
);

async function end(code: number, says: string): Promise<never> {
  console.log(`heard ${heard.authentic} messages, and ${heard.not} that nobody has signed who may`);
  console.log(says);
  await bus.close(1_000);
  process.exit(code);
}
