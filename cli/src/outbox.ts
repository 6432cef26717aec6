/** `countersign outbox republish`: what was committed, on the bus once more. */
import { type RepublishChoice, republish } from "@countersign/platform";
import type { Caller } from "./caller.ts";
import { exitCodes } from "./failure.ts";
import { counted } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";
import { clusterDir } from "./up/place.ts";

export interface RepublishFlags extends RepublishChoice {
  readonly dir?: string;
}

/** @throws InputError BAD_OPTION, BusError UNREACHABLE, PostgresError CONNECTION_LOST */
export async function outboxRepublish({ dir, ...choice }: RepublishFlags, caller: Caller): Promise<number> {
  const done = await republish(clusterDir(dir === undefined ? {} : { dir }, caller), choice);
  const screen = new Screen(process.stdout);
  for (const { agent, topic, records } of done)
    screen.line(`${agent.padEnd(12)} ${topic.padEnd(22)} ${counted(records, "record")}`);
  const total = done.reduce((sum, { records }) => sum + records, 0);
  screen.line(`${counted(total, "record")} published again; whoever acted on one before does not act on it twice`);
  return exitCodes.ok;
}
