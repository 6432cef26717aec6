/** `countersign status`: what runs, how it is, and whether trading is open. */
import { type ClusterStatus, clusterStatus } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { statusLines } from "./lines.ts";

export interface StatusFlags {
  readonly dir?: string;
  readonly json?: boolean;
}

/** 1 when nothing runs, or not all of it. @throws InputError where there is no cluster */
export async function status(flags: StatusFlags, caller: Caller): Promise<number> {
  const dir = clusterDir(flags, caller);
  const screen = new Screen(process.stdout);
  const found = await clusterStatus(dir);
  if (flags.json === true) screen.line(JSON.stringify(found ?? null, null, 2));
  else if (found === undefined) screen.line(`nothing runs of the cluster in ${dir}: ./countersign up --dir ${dir}`);
  else for (const line of statusLines(found, Date.now())) screen.line(line);
  return found !== undefined && isWhole(found) ? exitCodes.ok : exitCodes.failed;
}

function isWhole({ processes, postgres, kafka, log }: ClusterStatus): boolean {
  return postgres.ok && kafka.ok && log.ok && processes.every(({ live, ready }) => live.ok && ready.ok);
}
