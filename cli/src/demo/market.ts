/** The market of a demo: recorded files, or a day made from the seed. */
import { existsSync } from "node:fs";
import type { Instrument } from "@countersign/orders";
import { parseInstruments } from "@countersign/orders";
import {
  cloneFile,
  InputError,
  type MarketEvent,
  openTrace,
  readInput,
  simulateDay,
  type Trace,
} from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { defaults } from "./defaults.ts";
import { DAY_MS, type OpenWindow } from "./window.ts";

export interface Market {
  readonly symbols: readonly string[];
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Quotes or trades: prices within the day. */
  readonly isWithinADay: boolean;
  /** "real daily bars …": what the second line says of it. */
  readonly words: string;
  /** Walked once. */
  readonly events: AsyncIterable<readonly MarketEvent[]>;
  /** The same market, to be walked once more. */
  readonly again: () => Promise<Market>;
  /** Of recorded files. */
  readonly trace: Trace | undefined;
}

export interface TraceName {
  readonly path: string;
  readonly symbol?: string;
}

/** `SYMBOL=FILE` or `FILE`. A file whose own name holds the sign is a file. */
export function traceName(text: string, caller: Caller): TraceName {
  const [, symbol, path] = /^([\w^.-]+)=(.+)$/.exec(text) ?? [];
  if (symbol === undefined || path === undefined || existsSync(fromCaller(text, caller)))
    return { path: fromCaller(text, caller) };
  return { path: fromCaller(path, caller), symbol: symbol.toUpperCase() };
}

/** Warm-up is read too. Throws MarketError. */
export async function recordedMarket(names: readonly TraceName[], { fromMs, toMs }: OpenWindow): Promise<Market> {
  const trace = await openTrace(names, {
    instruments: knownInstruments(),
    allowDefaultInstruments: true,
    ...(fromMs !== undefined && { fromMs: fromMs - defaults.warmUpDays * DAY_MS }),
    ...(toMs !== undefined && { toMs }),
  });
  const kinds = [...new Set(trace.files.map(({ kind }) => kind))];
  return {
    symbols: [...new Set(trace.files.flatMap(({ symbols }) => symbols))],
    instruments: trace.instruments,
    isWithinADay: kinds.some((kind) => kind !== "bar"),
    words: `recorded ${kinds.map((kind) => KINDS[kind]).join(" and ")}`,
    events: trace.batches(),
    again: () => recordedMarket(names, { fromMs, toMs }),
    trace,
  };
}

const KINDS = {
  quote: "quotes",
  trade: "trades",
  bar: "bars, four quotes made from each (docs/market-data.md)",
} as const;

export function simulatedMarket(seed: string): Market {
  const instruments = knownInstruments();
  const startMs = Date.parse(defaults.simulatedDay);
  const batches = async function* () {
    let batch: MarketEvent[] = [];
    for (const event of simulateDay({ seed: BigInt(seed), startMs, instruments })) {
      if (batch.push(event) < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  };
  return {
    symbols: ["EURUSD", "XAUUSD"],
    instruments,
    isWithinADay: true,
    words: `a day that a model made from seed ${seed} (docs/market-data.md)`,
    events: batches(),
    again: async () => simulatedMarket(seed),
    trace: undefined,
  };
}

const BATCH = 1_000;

function knownInstruments(): ReadonlyMap<string, Instrument> {
  const path = cloneFile(defaults.instruments);
  const text = Buffer.from(readInput(path, "instruments file")).toString("utf8");
  try {
    return parseInstruments(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new InputError("BAD_OPTION", `${path}: it is no JSON: ${cause.message}`, { cause });
  }
}
