/** What a user chooses of a new cluster, from flags that `up` and `found` have in common. */
import { type ClusterChoice, cloneFile } from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { defaults } from "../demo/defaults.ts";
import { traceName } from "../demo/market.ts";
import { type DemoFlags, demoOptions } from "../demo/options.ts";
import { spanOf } from "../demo/span.ts";

export type MarketFlags = Pick<DemoFlags, "strategy" | "limits" | "trace" | "hedge" | "from" | "to" | "speed">;

type Chosen = Omit<ClusterChoice, "mode" | "kafka" | "etcd" | "replicas" | "cofounders">;

/** @throws what `demoOptions` throws: every file is read, and every option checked */
export async function chooseCluster(
  { speed, ...market }: MarketFlags,
  caller: Caller,
): Promise<{ readonly choice: Chosen; readonly headline: string }> {
  const plan = await demoOptions(market, caller);
  const { fromMs, toMs } = plan.window;
  const window = fromMs !== undefined && toMs !== undefined ? { fromMs, toMs } : await spanOf(plan.market, plan.window);
  const pace = speed === undefined ? paceOf(plan.market.isWithinADay, window) : Number(speed);
  const { traced, strategies } = filesOf(market, caller);
  const { traded, hedgeSymbol, account, person } = plan.run;
  const choice = {
    account,
    person,
    currency: defaults.currency,
    deposit: defaults.deposit,
    traded,
    hedge: hedgeSymbol ?? null,
    market: {
      traces: traced,
      ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
      ...(toMs !== undefined && { to: new Date(toMs - 1).toISOString() }),
      speed: pace,
    },
    strategies,
    limits: market.limits === undefined ? defaultLimits(plan.market.isWithinADay) : fromCaller(market.limits, caller),
    settings: {
      ceiling: defaults.ceiling,
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: defaults.venueLatencyMs,
    },
  };
  return { choice, headline: `${plan.headline}, ${Math.round(pace).toLocaleString("en")} s of it each second` };
}

function filesOf({ trace, strategy }: Omit<MarketFlags, "speed">, caller: Caller) {
  return {
    traced: trace?.map((name) => traceName(name, caller)) ?? [{ path: cloneFile(defaults.trace) }],
    strategies: (strategy ?? defaults.strategies.map(cloneFile)).map((file) => fromCaller(file, caller)),
  };
}

/** A recording of days is watched in five minutes; one within a day as it was. */
const WATCHED_S = 300;

function paceOf(isWithinADay: boolean, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number {
  return isWithinADay ? 1 : (toMs - fromMs) / 1_000 / WATCHED_S;
}

function defaultLimits(isWithinADay: boolean): string {
  return cloneFile(isWithinADay ? defaults.limitsWithinADay : defaults.limitsOfDays);
}
