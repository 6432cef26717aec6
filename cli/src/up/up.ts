/** `countersign up`: every agent as a process of its own, on Kafka and PostgreSQL, on this machine. Ctrl-C ends what it started. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError, type ProcessState, readSpec, startCluster } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { defaults } from "../demo/defaults.ts";
import { exitCodes } from "../failure.ts";
import { chooseCluster, type MarketFlags } from "./choice.ts";
import { dayOver, marketLogSize } from "./day.ts";
import { clusterDir } from "./place.ts";

export type UpFlags = MarketFlags & {
  readonly dir?: string;
  readonly replicas?: readonly string[];
  readonly mode?: "paper" | "shadow";
  /** Who founds it too: in shadow trading is opened by two. */
  readonly cofounder?: string;
};

/** Returns the exit code, when the person has had enough. */
export async function up(flags: UpFlags, caller: Caller): Promise<number> {
  const { dir: _, replicas, mode: wanted, cofounder, ...market } = flags;
  const dir = clusterDir(flags, caller);
  const { choice, headline } = await chooseCluster(market, caller);
  const isNew = !existsSync(join(dir, "cluster.json"));
  const mode = isNew ? (wanted ?? defaults.mode) : readSpec(dir).mode;
  if (wanted !== undefined && wanted !== mode)
    throw new InputError(
      "BAD_OPTION",
      `--mode ${wanted}: the cluster of ${dir} is a ${mode} one; found another with --dir`,
    );
  console.log(`countersign up · ${mode.toUpperCase()} · ${headline}`);
  console.log(
    isNew
      ? `a new cluster in ${dir}`
      : `the cluster of ${dir} goes on; its market and settings are those it began with`,
  );
  const said = marketLogSize(dir);
  await using cluster = await startCluster(dir, {
    choice: {
      ...choice,
      mode,
      ...(cofounder !== undefined && { cofounders: [cofounder] }),
      ...(replicas && { replicas: replicasOf(replicas) }),
    },
    onStep: (text) => console.log(`  ${text}`),
    onChange: (state) => console.log(`  ${changeLine(state)}`),
  });
  for (const { name, pid } of cluster.supervisor.states()) console.log(`  ${name.padEnd(12)} ${pid}`);
  console.log(`what they say: ${join(dir, "logs")}   how they are: ./countersign status   end: Ctrl-C`);
  const stop = new AbortController();
  dayOver(dir, said, stop.signal).then(
    () => console.log("  the market is at its end; everything stays up until Ctrl-C"),
    () => {}, // enough, before that
  );
  await enough();
  stop.abort();
  console.log("ending what was started");
  return exitCodes.ok;
}

/** `policy=2`, as often as wanted. */
function replicasOf(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, agent, count] = /^([a-z]+)=(\d+)$/.exec(text) ?? [];
      if (agent === undefined || count === undefined)
        throw new InputError("BAD_OPTION", `--replicas ${text}: say how many for which agent, such as policy=2`);
      return [agent, Number(count)];
    }),
  );
}

function changeLine({ name, pid, restarts, lastEnd }: ProcessState): string {
  return pid === undefined ? `${name} ended: ${lastEnd}` : `${name} runs again as ${pid}, restart ${restarts}`;
}

/** Until Ctrl-C, or the end by another's hand. */
async function enough(): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  await wait(2 ** 31 - 1, undefined, { signal: stop.signal }).catch(() => {});
}
