/**
 * Runs in the desk, from its standard input: every record of the topics that tell of orders, as it is on the brokers, a line each. What they
 * mean is for whoever reads the lines.
 */
import { KafkaBus } from "@countersign/bus/kafka";
import { kafkaOf, readSpec } from "@countersign/platform";

const DIR = "/etc/countersign";
const topics = [
  "control.halt.v1",
  "market.quotes.v1",
  "market.bars.v1",
  "signals.market.v1",
  "orders.intent.v1",
  "risk.policy.v1",
  "orders.execution.v1",
  "ledger.entries.v1",
];
const bus = new KafkaBus({
  ...kafkaOf(DIR, readSpec(DIR)),
  clientId: "countersign-tap",
  onError: (error) => console.error(error),
});
// Brokers know the desk's groups by their beginning.
const as = { kind: "every", name: "desk.tap" } as const;
await bus.subscribe(
  { topics, as, from: "earliest", maxInFlightBytes: 4_000_000, maxProcessingMs: 30_000 },
  ({ topic, partition, records }) => {
    for (const { offset, value } of records)
      console.log(JSON.stringify([topic, partition, Number(offset), Buffer.from(value).toString("base64")]));
    return { through: records.at(-1)!.offset };
  },
);
