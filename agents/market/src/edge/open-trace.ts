import type { Instrument } from "@countersign/orders";
import { addCounts, describeCounts, newCounts, type SymbolCounts } from "../core/counts.ts";
import { MarketError } from "../core/error.ts";
import type { MarketEvent } from "../core/events.ts";
import { type InstrumentUnits, unitsOf } from "../core/instrument-units.ts";
import { merge } from "../core/merge.ts";
import { TimeBars } from "../core/time-bars.ts";
import { TraceReader } from "../core/trace-reader.ts";
import { resolveInstruments } from "./resolve-instruments.ts";
import { type SurveyedFile, surveyFile } from "./survey-file.ts";
import { digestFile, readText } from "./trace-file.ts";

export interface TraceOptions {
  /** By symbol: `parseInstruments`. */
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Replay only: a symbol without a row gets a default (docs/market-data.md) instead of `UNKNOWN_SYMBOL`. */
  readonly allowDefaultInstruments?: boolean;
  /** Only rows of [fromMs, toMs). */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** The length of a bar in a file of bars; without it, the smallest step between its first 1,000 rows. */
  readonly barSeconds?: number;
  /** The length of the bars that are built from quotes and trades: 60. */
  readonly builtBarSeconds?: number;
}

interface TraceFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly kind: "quote" | "trade" | "bar";
  /** Those of its first 1,000 rows; the rest of a file may hold more of the known ones. */
  readonly symbols: readonly string[];
}

export interface Trace {
  readonly files: readonly TraceFile[];
  /** The known rows, and the defaults made for symbols of this trace without one (`isDefault`). */
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** The events in the order of time, read as they are asked for. May be walked once. */
  batches(): AsyncGenerator<readonly MarketEvent[]>;
  /** Per symbol what has been accepted, dropped and rounded so far; final after the last batch. */
  counts(): ReadonlyMap<string, SymbolCounts>;
  /** The counts in words, one line a symbol, and a line for each default instrument. */
  report(): readonly string[];
}

/**
 * Opens recorded files as one stream: looks at the head of each, fixes symbols and instruments, takes the digests. Whatever is
 * wrong at the head of a file is thrown here, whatever is wrong further down while reading (`MarketError`).
 */
export async function openTrace(
  paths: readonly { readonly path: string; readonly symbol?: string }[],
  options: TraceOptions,
): Promise<Trace> {
  checkOptions(paths.length, options);
  const surveyed: SurveyedFile[] = [];
  for (const { path, symbol } of paths) surveyed.push(await surveyFile(path, symbol, options.instruments));
  const instruments = resolveInstruments(surveyed, options.instruments, options.allowDefaultInstruments ?? false);
  const files: TraceFile[] = [];
  for (const { path, table, symbols } of surveyed) {
    files.push({ path, ...(await digestFile(path)), kind: table.kind, symbols: [...symbols.keys()] });
  }
  const units = new Map([...instruments].map(([symbol, instrument]) => [symbol, unitsOf(instrument)]));
  const readers = surveyed.map((file) => readerOf(file, units, options));
  const counts = () => totalCounts(readers);
  return {
    files,
    instruments,
    batches: () => batchesOf(readers, surveyed, (options.builtBarSeconds ?? 60) * 1000),
    counts,
    report: () => [
      ...[...counts()].map(([symbol, part]) => describeCounts(symbol, part)),
      ...[...instruments.values()].filter(({ isDefault }) => isDefault).map(describeDefault),
    ],
  };
}

async function* batchesOf(
  readers: readonly TraceReader[],
  files: readonly SurveyedFile[],
  builtBarMs: number,
): AsyncGenerator<readonly MarketEvent[]> {
  const builders = new Map<string, TimeBars>();
  const builderOf = (symbol: string) => {
    const builder = builders.get(symbol) ?? new TimeBars(builtBarMs);
    builders.set(symbol, builder);
    return builder;
  };
  const texts = files.map(({ path }) => readText(path));
  const sources = readers.map((reader, index) => ({
    next: () => nextEvents(reader, texts[index] as AsyncGenerator<Uint8Array>),
  }));
  let isEmpty = true;
  try {
    for await (const merged of merge(sources)) {
      isEmpty = false;
      const batch: MarketEvent[] = [];
      for (const { event, source } of merged) {
        if (files[source]?.table.kind !== "bar" && event.kind !== "bar") {
          const bar = builderOf(event.symbol).add(event);
          if (bar) batch.push(bar);
        }
        batch.push(event);
      }
      yield batch;
    }
  } finally {
    for (const text of texts) await text.return();
  }
  if (!isEmpty) return;
  const list = files.map(({ path }) => path).join(", ");
  throw new MarketError(
    "EMPTY",
    list,
    "no usable row in the time asked for",
    "Check --from and --to, and what was dropped",
  );
}

async function nextEvents(reader: TraceReader, text: AsyncGenerator<Uint8Array>): Promise<MarketEvent[] | undefined> {
  while (reader.events.length === 0) {
    const chunk = reader.isDone ? undefined : (await text.next()).value;
    if (chunk === undefined) {
      reader.end();
      return reader.events.length > 0 ? reader.events.splice(0) : undefined;
    }
    reader.push(chunk);
  }
  return reader.events.splice(0);
}

function readerOf(
  file: SurveyedFile,
  instruments: ReadonlyMap<string, InstrumentUnits>,
  options: TraceOptions,
): TraceReader {
  const { path, table, symbol, stepMs } = file;
  const barMs = options.barSeconds === undefined ? stepMs : options.barSeconds * 1000;
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = options;
  return new TraceReader({ file: path, table, symbol, instruments, barMs, fromMs, toMs });
}

function totalCounts(readers: readonly TraceReader[]): ReadonlyMap<string, SymbolCounts> {
  const totals = new Map<string, SymbolCounts>();
  for (const { counts } of readers) {
    for (const [symbol, part] of counts) {
      const total = totals.get(symbol) ?? newCounts();
      addCounts(total, part);
      totals.set(symbol, total);
    }
  }
  return totals;
}

function describeDefault({ symbol, priceScale }: Instrument): string {
  return `${symbol}: no row in instruments.json; taken as US dollars with ${priceScale} price decimals (docs/market-data.md)`;
}

function checkOptions(files: number, { fromMs, toMs, barSeconds = 60, builtBarSeconds = 60 }: TraceOptions): void {
  const refuse = (problem: string) => new MarketError("BAD_OPTION", "trace", problem, "See docs/market-data.md");
  if (files === 0) throw refuse("no file is named");
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) throw refuse("from is not before to");
  for (const seconds of [barSeconds, builtBarSeconds]) {
    if (!Number.isInteger(seconds) || seconds <= 0) throw refuse(`a bar of ${seconds} seconds`);
  }
}
