/**
 * The demo's market through the whole platform on memory stores: the real agents, keys, votes and bus, only the database left out, so that
 * fifty runs cost less than one on it. Everything a test may change is an option.
 */

import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type MarketEvent, openTrace } from "@countersign/agent-market";
import { openEnvelope } from "@countersign/envelope";
import { parseInstruments, parseMoney } from "@countersign/orders";
import {
  cloneFile,
  loadLimits,
  loadStrategy,
  type MarketOptions,
  type RunHooks,
  type RunResult,
  type RunStores,
  replayMarket,
} from "@countersign/platform";
import { MemoryQuorumLog } from "@countersign/quorum";
import { MemoryStore, type Store } from "@countersign/runtime";
import { defaults } from "../../cli/src/demo/defaults.ts";

export interface Day {
  readonly from: string;
  readonly to: string;
  readonly seed?: string;
  /** Quotes of the day that are released; all when not given. */
  readonly quotes?: number;
  /** Changes an event of the market before it is sealed. */
  readonly alter?: (event: MarketEvent) => MarketEvent;
  /** Longest random delay of a store or the log, ms. */
  readonly delayMs?: number;
  readonly hooks?: RunHooks;
  readonly config?: Partial<MarketOptions>;
}

const DAY_MS = 86_400_000;
/** Sessions that the default limits look back on, and some more. */
const WARM_UP_DAYS = 400;

export async function runDayInMemory<T>(day: Day, use: (result: RunResult) => Promise<T>): Promise<T> {
  return replayMarket(await marketOptions(day), memoryStores(day.delayMs ?? 0), day.hooks ?? {}, use);
}

export async function marketOptions({ from, to, seed = "1", quotes, alter, config }: Day): Promise<MarketOptions> {
  const fromMs = Date.parse(from);
  const known = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const trace = await openTrace([{ path: cloneFile("markets/aapl-spx-1d.csv.gz") }], {
    instruments: known,
    fromMs: fromMs - WARM_UP_DAYS * DAY_MS,
    toMs: Date.parse(to) + DAY_MS,
  });
  const strategies = [];
  for (const file of ["trend", "mean-reversion", "breakout"])
    strategies.push(await loadStrategy(cloneFile(`strategies/${file}.ts`)));
  const deposit = parseMoney("100000.00", "USD", 2);
  return {
    seed,
    account: "main",
    person: "person:you",
    deposit,
    instruments: trace.instruments,
    traded: ["AAPL"],
    hedgeSymbol: "SPX",
    strategies,
    limits: loadLimits(cloneFile("limits/default.json")),
    ceiling: { notional: parseMoney(defaults.ceiling.notional, "USD", 2), persons: defaults.ceiling.persons },
    portfolio: defaults.portfolio,
    hedge: defaults.hedging,
    venueLatencyMs: defaults.venueLatencyMs,
    fromMs,
    events: take(trace.batches(), fromMs, quotes ?? Number.POSITIVE_INFINITY, alter ?? ((event) => event)),
    ...config,
  };
}

/** What the audit log holds of a run: the signed bodies, in the order of their leaves, hex. */
export async function auditBodies({ embedded }: RunResult): Promise<readonly string[]> {
  const rows = (await embedded.stores.get("compliance")?.read("leaves", 0n, 1_000_000)) ?? [];
  return rows.map(({ bytes }) => {
    const opened = openEnvelope(bytes, embedded.fence.keys);
    if (!opened.ok) throw new Error(`a leaf that cannot be opened: ${opened.code}`);
    return Buffer.from(opened.bodyBytes).toString("hex");
  });
}

async function* take(
  batches: AsyncIterable<readonly MarketEvent[]>,
  fromMs: number,
  quotes: number,
  alter: (event: MarketEvent) => MarketEvent,
): AsyncGenerator<readonly MarketEvent[]> {
  let left = quotes;
  for await (const batch of batches) {
    const kept: MarketEvent[] = [];
    for (const event of batch) {
      if (event.timeMs >= fromMs && event.kind === "quote" && left-- <= 0) {
        yield kept;
        return;
      }
      kept.push(alter(event));
    }
    yield kept;
  }
}

function memoryStores(delayMs: number): RunStores {
  const log = delayed(new MemoryQuorumLog(), delayMs);
  return { log, openStore: async (): Promise<Store> => delayed(new MemoryStore(), delayMs) };
}

/** Every method answers after a random while. Not seeded: the promise is that no delay whatever changes anything. */
function delayed<T extends object>(target: T, delayMs: number): T {
  if (delayMs === 0) return target;
  return new Proxy(target, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name, of);
      if (typeof value !== "function" || name === "watch") return typeof value === "function" ? value.bind(of) : value;
      return async (...args: unknown[]) => {
        await wait(Math.random() * delayMs);
        return value.apply(of, args);
      };
    },
  });
}
