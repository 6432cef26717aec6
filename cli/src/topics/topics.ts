/** `countersign topics create|check`: the catalogue's topics on the brokers. */
import { checkTopics, clusterTopics, createTopics, InputError } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { counted } from "../terminal/figures.ts";
import { Screen } from "../terminal/screen.ts";
import { brokersOf, type PlaceFlags } from "../up/place.ts";

export interface TopicsFlags extends PlaceFlags {
  readonly replicas?: string;
}

/** @throws BusError TOPIC_MISMATCH, UNREACHABLE */
export async function topicsCreate(flags: TopicsFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  const made = await createTopics({ ...brokersOf(flags, caller), replicas: replicasOf(flags) });
  for (const topic of made) screen.line(`created  ${topic}`);
  screen.line(
    `${counted(made.length, "topic")} created, ${clusterTopics().length - made.length} were there as they should be`,
  );
  return exitCodes.ok;
}

/** Fails when anything differs. @throws BusError UNREACHABLE */
export async function topicsCheck(flags: TopicsFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  const found = await checkTopics({ ...brokersOf(flags, caller), replicas: replicasOf(flags) });
  for (const { topic, what, is, wanted } of found)
    screen.line(what === "topic" ? `missing  ${topic}` : `wrong    ${topic}: ${what} ${is}, wanted ${wanted}`);
  const verdict = found.length === 0 ? "as the catalogue says" : `${counted(found.length, "difference")}: ${CURE}`;
  screen.line(`${counted(clusterTopics().length, "topic")} looked at, ${verdict}`);
  return found.length === 0 ? exitCodes.ok : exitCodes.failed;
}

const CURE = "`./countersign topics create` makes what is missing; what differs is corrected with Kafka's own tools";

function replicasOf({ replicas }: TopicsFlags): number {
  if (replicas === undefined) return 3;
  if (!/^[1-9]\d?$/.test(replicas))
    throw new InputError("BAD_OPTION", `--replicas ${replicas}: write how many copies each topic has, such as 3`);
  return Number(replicas);
}
