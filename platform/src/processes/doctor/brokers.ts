/** What the brokers hold for a cluster: its topics, how far readers are behind, what was refused. */
import { BusError } from "@countersign/bus";
import { type KafkaAddress, KafkaBus } from "@countersign/bus/kafka";
import { groupsOf } from "@countersign/runtime";
import { AGENTS } from "../../agents.ts";
import { Dlqs } from "../dlq.ts";
import { checkTopics } from "../topics.ts";
import { bad, type Finding, lesser, ok } from "./finding.ts";

/** Records of a group that may wait while everything goes its way. */
const LAG_MAX = 5_000n;
const DIFFERENCES_SHOWN = 3;

/** Kafka answers: that was asked before. */
export async function* brokers(kafka: KafkaAddress, dir: string): AsyncGenerator<Finding> {
  try {
    yield await topics(kafka, dir);
    yield await lag(kafka);
    yield await deadLetters(kafka, dir);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    yield bad("Kafka", "unknown", error.message, "./countersign doctor, once more");
  }
}

async function topics(kafka: KafkaAddress, dir: string): Promise<Finding> {
  const check = "topics";
  const found = await checkTopics({ ...kafka, replicas: 3 });
  if (found.length === 0) return ok(check, "partitions, copies, minimum in sync and retention as the catalogue says");
  const missing = found.filter(({ what }) => what === "topic").map(({ topic }) => topic);
  if (missing.length > 0)
    return bad(check, "missing", `${missing.length}: ${some(missing)}`, `./countersign topics create --dir ${dir}`);
  const wrong = found.map(({ topic, what, is, wanted }) => `${topic} has ${what} ${is}, not ${wanted}`);
  return bad(
    check,
    "wrong",
    some(wrong),
    `./countersign topics check --dir ${dir} (then correct them with Kafka's own tools)`,
  );
}

async function lag(kafka: KafkaAddress): Promise<Finding> {
  const check = "lag";
  const bus = new KafkaBus({ ...kafka, clientId: "countersign-doctor", onError: () => {} });
  try {
    const groups: { agent: string; group: string; records: bigint }[] = [];
    for (const agent of AGENTS)
      for (const group of groupsOf(agent)) {
        const records = (await bus.lag(group)).reduce((sum, one) => sum + one.records, 0n);
        groups.push({ agent, group, records });
      }
    const most = groups.reduce((a, b) => (b.records > a.records ? b : a));
    const says =
      most.records === 0n ? "no group is behind" : `${most.group} is behind most, by ${most.records} records`;
    if (most.records <= LAG_MAX) return ok(check, says);
    return lesser(bad(check, "wrong", says, `./countersign status (does ${most.agent} run?)`));
  } finally {
    await bus.close(0);
  }
}

/** What waits there was refused on purpose: it hinders nobody, and somebody should look. */
async function deadLetters(kafka: KafkaAddress, dir: string): Promise<Finding> {
  const check = "dead letters";
  await using dlqs = new Dlqs(kafka);
  const waiting: string[] = [];
  let letters = 0;
  for (const name of await dlqs.used()) {
    const state = await dlqs.read(name);
    letters += state.waiting.length;
    if (state.waiting.length > 0) waiting.push(`${name} (${state.waiting.length})`);
  }
  if (letters === 0) return ok(check, "none waiting");
  return lesser(bad(check, "wrong", `${letters} waiting: ${some(waiting)}`, `./countersign dlq list --dir ${dir}`));
}

function some(all: readonly string[]): string {
  const shown = all.slice(0, DIFFERENCES_SHOWN).join("; ");
  return all.length > DIFFERENCES_SHOWN ? `${shown}; and ${all.length - DIFFERENCES_SHOWN} more` : shown;
}
