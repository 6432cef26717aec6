/** From what was typed to what is run: every file read, every option checked, before anything starts. */
import { existsSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { parseMoney } from "@countersign/orders";
import {
  checkCeiling,
  cloneFile,
  InputError,
  type LoadedStrategy,
  loadLimits,
  loadStrategy,
  type RunFacts,
  type RunOptions,
} from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { defaults } from "./defaults.ts";
import { type Market, recordedMarket, simulatedMarket, traceName } from "./market.ts";
import { DAY_MS, type OpenWindow, type Window, windowOf } from "./window.ts";

/** As commander hands them over. */
export interface DemoFlags {
  readonly strategy?: readonly string[];
  readonly limits?: string;
  readonly trace?: readonly string[];
  readonly hedge?: string;
  readonly from?: string;
  readonly to?: string;
  readonly speed?: string;
  readonly seed?: string;
  readonly json?: string;
  readonly market?: string;
}

export interface Demo {
  readonly run: RunOptions;
  readonly market: Market;
  /** Undefined at an end that is the trace's own. */
  readonly window: OpenWindow;
  readonly limits: Uint8Array;
  /** What a user should know before it begins. */
  readonly notices: readonly string[];
  /** "AAPL, hedged with the S&P 500 · …" */
  readonly headline: string;
  /** Nothing was said that changes the records: the run that the README shows. */
  readonly isDefault: boolean;
  readonly speed: number;
  readonly jsonFile: string | undefined;
  /** What the run's folder says it was made from; the window is what was seen where nobody named one. */
  readonly facts: (seen: Window) => RunFacts;
}

/** Throws InputError, MarketError, PolicyError, QuantError: each one line with its cure. */
export async function demoOptions(flags: DemoFlags, caller: Caller): Promise<Demo> {
  const speed = positive("--speed", flags.speed ?? "1");
  const seed = wholeNumber("--seed", flags.seed ?? defaults.seed);
  const jsonFile = flags.json === undefined ? undefined : writable(fromCaller(flags.json, caller));
  const isRecorded = flags.trace === undefined && flags.market === undefined;
  const window = windowOf(
    flags.from ?? (isRecorded ? defaults.from : undefined),
    flags.to ?? (isRecorded ? defaults.to : undefined),
  );
  const market = await marketOf(flags, window, seed, caller);
  const hedge = hedgeOf(flags, market);
  const traded = market.symbols.filter((symbol) => symbol !== hedge);
  if (traded.length === 0)
    throw new InputError(
      "BAD_OPTION",
      `--hedge ${hedge}: nothing is left to trade; the market has ${market.symbols.join(", ")} alone`,
    );
  const strategies = await strategiesOf(flags.strategy, caller);
  const limitsPath = limitsPathOf(flags.limits, market, caller);
  const limits = loadLimits(limitsPath);
  const { bytes, digest, symbols } = limits;
  const ceiling = { notional: money(defaults.ceiling.notional), persons: defaults.ceiling.persons };
  checkCeiling(limits, ceiling);
  const { account, person, currency, deposit, portfolio, hedging, venueLatencyMs, intruderAfterFills } = defaults;
  const strange = [...traded, ...(hedge === undefined ? [] : [hedge])].filter((symbol) => !symbols.includes(symbol));
  return {
    run: {
      seed,
      account,
      person,
      deposit: money(deposit),
      instruments: market.instruments,
      traded,
      hedgeSymbol: hedge,
      strategies: strategies.map(({ id, strategy }) => ({ id, strategy })),
      limits,
      ceiling,
      portfolio,
      hedge: hedging,
      venueLatencyMs,
      intruderAfterFills,
      events: market.events,
      fromMs: window.fromMs ?? Number.NEGATIVE_INFINITY,
      dataDir: cloneFile(defaults.database),
    },
    market,
    window,
    limits: bytes,
    notices: strange.map(
      (symbol) =>
        `${inClone(limitsPath)} does not list ${symbol}: its orders will be refused. Add it to "symbols" in a file for --limits`,
    ),
    headline: headline(market, traded, hedge, isRecorded, window),
    isDefault: CHANGING.every((name) => flags[name] === undefined),
    speed,
    jsonFile,
    facts: (seen) => ({
      format: 1,
      mode: "replay",
      seed,
      account,
      deposit,
      currency,
      person,
      from: flags.from ?? dayOf(window.fromMs ?? seen.fromMs),
      to: flags.to ?? dayOf((window.toMs ?? seen.toMs + 1) - 1),
      traded,
      hedge: hedge ?? null,
      market: marketFacts(
        market,
        flags.trace?.map((name) => traceName(name, caller).symbol),
      ),
      strategies: strategies.map(({ id, path, sha256 }) => ({ id, path: inClone(path), sha256 })),
      limits: { name: limits.name, sha256: Buffer.from(digest).toString("hex") },
      settings: { ceiling: defaults.ceiling, portfolio, hedge: hedging, venueLatencyMs },
      node: process.version,
    }),
  };
}

/** All that decide what the records say; speed and the report's file do not. */
const CHANGING = ["strategy", "limits", "trace", "hedge", "from", "to", "seed", "market"] as const;

async function marketOf(flags: DemoFlags, window: OpenWindow, seed: string, caller: Caller): Promise<Market> {
  if (flags.market === undefined) {
    const names = flags.trace?.map((name) => traceName(name, caller)) ?? [{ path: cloneFile(defaults.trace) }];
    return recordedMarket(names, window);
  }
  const other = (["trace", "from", "to"] as const).find((name) => flags[name] !== undefined);
  if (other !== undefined)
    throw new InputError("BAD_OPTION", `--market simulated makes a whole day by itself: leave --${other} out`);
  return simulatedMarket(seed);
}

function hedgeOf({ hedge, trace, market }: DemoFlags, { symbols }: Market): string | undefined {
  if (hedge === undefined)
    return trace !== undefined ? undefined : market === undefined ? defaults.hedge : defaults.simulatedHedge;
  const symbol = hedge.toUpperCase();
  if (symbols.includes(symbol)) return symbol;
  throw new InputError(
    "BAD_OPTION",
    `--hedge ${hedge}: the market has ${symbols.join(", ")} alone; add its file to --trace`,
  );
}

async function strategiesOf(files: readonly string[] | undefined, caller: Caller) {
  const paths = files?.map((file) => fromCaller(file, caller)) ?? defaults.strategies.map(cloneFile);
  const loaded: (LoadedStrategy & { readonly path: string })[] = [];
  for (const path of paths) {
    const strategy = await loadStrategy(path);
    const twin = loaded.find(({ id }) => id === strategy.id);
    if (twin !== undefined) throw new InputError("BAD_OPTION", `--strategy ${path}: it is the same as ${twin.path}`);
    loaded.push({ ...strategy, path });
  }
  return loaded;
}

function limitsPathOf(file: string | undefined, { isWithinADay }: Market, caller: Caller): string {
  if (file !== undefined) return fromCaller(file, caller);
  return cloneFile(isWithinADay ? defaults.limitsWithinADay : defaults.limitsOfDays);
}

function headline(
  market: Market,
  traded: readonly string[],
  hedge: string | undefined,
  isRecorded: boolean,
  { fromMs, toMs }: OpenWindow,
): string {
  const name = isRecorded && hedge === defaults.hedge ? defaults.hedgeName : hedge;
  const cover = name === undefined ? ", not hedged" : `, hedged with ${name}`;
  const days = [
    fromMs === undefined ? "" : `from ${dayOf(fromMs)}`,
    toMs === undefined ? "" : `to ${dayOf(toMs - 1)}`,
  ].filter(Boolean);
  const words =
    isRecorded && fromMs !== undefined && toMs !== undefined
      ? `real daily bars ${dayOf(fromMs)} → ${dayOf(toMs - 1)}, four quotes made from each bar (docs/market-data.md)`
      : [market.words, ...days].join(" ");
  return `${traded.join(", ")}${cover} · ${words}`;
}

function marketFacts({ trace }: Market, symbols: readonly (string | undefined)[] = []): RunFacts["market"] {
  if (trace === undefined) return { kind: "simulated" };
  const files = trace.files.map(({ path, sha256, sizeBytes }, n) => ({
    path: inClone(path),
    symbol: symbols[n] ?? null,
    sha256,
    sizeBytes,
  }));
  return { kind: "trace", files };
}

/** A file of the clone by its name there, so that a clone may be moved; any other by its whole path. */
export function inClone(path: string): string {
  const inside = relative(cloneFile(""), path);
  return inside.startsWith("..") || inside === "" ? path : inside.split(sep).join("/");
}

function money(decimal: string) {
  return parseMoney(decimal, defaults.currency, defaults.moneyScale);
}

function dayOf(ms: number): string {
  return new Date(Math.floor(ms / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value > 0))
    throw new InputError("BAD_OPTION", `${option} ${text}: write a number above zero, such as 10`);
  return value;
}

function wholeNumber(option: string, text: string): string {
  if (!/^\d{1,18}$/.test(text))
    throw new InputError("BAD_OPTION", `${option} ${text}: write a whole number, such as 7`);
  return BigInt(text).toString();
}

function writable(path: string): string {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new InputError("BAD_OPTION", `--json ${path}: there is no folder ${folder}`);
  return path;
}
