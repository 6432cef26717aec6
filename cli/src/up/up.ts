/** `countersign up`: every agent as a process of its own, on Kafka and PostgreSQL, on this machine. Ctrl-C ends what it started. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cloneFile, InputError, type ProcessState, readSpec, startCluster } from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { defaults } from "../demo/defaults.ts";
import { traceName } from "../demo/market.ts";
import { type DemoFlags, demoOptions } from "../demo/options.ts";
import { spanOf } from "../demo/span.ts";
import { exitCodes } from "../failure.ts";
import { dayOver, marketLogSize } from "./day.ts";
import { clusterDir } from "./place.ts";

export type UpFlags = Pick<DemoFlags, "strategy" | "limits" | "trace" | "hedge" | "from" | "to" | "speed"> & {
  readonly dir?: string;
  readonly replicas?: readonly string[];
  readonly mode?: "paper" | "shadow";
  /** Who founds it too: in shadow trading is opened by two. */
  readonly cofounder?: string;
};

/** Returns the exit code, when the person has had enough. */
export async function up(flags: UpFlags, caller: Caller): Promise<number> {
  const { dir: _, speed, replicas, mode: wanted, cofounder, ...market } = flags;
  const dir = clusterDir(flags, caller);
  const plan = await demoOptions(market, caller);
  const { fromMs, toMs } = plan.window;
  const window = fromMs !== undefined && toMs !== undefined ? { fromMs, toMs } : await spanOf(plan.market, plan.window);
  const pace = speed === undefined ? paceOf(plan.market.isWithinADay, window) : Number(speed);
  const { traded, hedgeSymbol, account, person } = plan.run;
  const isNew = !existsSync(join(dir, "cluster.json"));
  const mode = isNew ? (wanted ?? defaults.mode) : readSpec(dir).mode;
  if (wanted !== undefined && wanted !== mode)
    throw new InputError(
      "BAD_OPTION",
      `--mode ${wanted}: the cluster of ${dir} is a ${mode} one; found another with --dir`,
    );
  console.log(
    `countersign up · ${mode.toUpperCase()} · ${plan.headline}, ${Math.round(pace).toLocaleString("en")} s of it each second`,
  );
  console.log(
    isNew
      ? `a new cluster in ${dir}`
      : `the cluster of ${dir} goes on; its market and settings are those it began with`,
  );
  const files = flags.trace?.map((name) => traceName(name, caller)) ?? [{ path: cloneFile(defaults.trace) }];
  const said = marketLogSize(dir);
  await using cluster = await startCluster(dir, {
    choice: {
      mode,
      ...(cofounder !== undefined && { cofounders: [cofounder] }),
      account,
      person,
      currency: defaults.currency,
      deposit: defaults.deposit,
      traded,
      hedge: hedgeSymbol ?? null,
      ...(replicas && { replicas: replicasOf(replicas) }),
      market: {
        traces: files,
        ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
        ...(toMs !== undefined && { to: new Date(toMs - 1).toISOString() }),
        speed: pace,
      },
      strategies: (flags.strategy ?? defaults.strategies.map(cloneFile)).map((file) => fromCaller(file, caller)),
      limits: flags.limits === undefined ? defaultLimits(plan.market.isWithinADay) : fromCaller(flags.limits, caller),
      settings: {
        ceiling: defaults.ceiling,
        portfolio: defaults.portfolio,
        hedge: defaults.hedging,
        venueLatencyMs: defaults.venueLatencyMs,
      },
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

/** A recording of days is watched in five minutes; one within a day as it was. */
const WATCHED_S = 300;

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

function paceOf(isWithinADay: boolean, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number {
  return isWithinADay ? 1 : (toMs - fromMs) / 1_000 / WATCHED_S;
}

function defaultLimits(isWithinADay: boolean): string {
  return cloneFile(isWithinADay ? defaults.limitsWithinADay : defaults.limitsOfDays);
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
