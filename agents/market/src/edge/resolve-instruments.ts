import { defaultInstrument, type Instrument } from "@countersign/orders";
import { DecimalReader } from "../core/decimal.ts";
import { MarketError } from "../core/error.ts";
import type { SurveyedFile } from "./survey-file.ts";

/**
 * The known rows, and beside them, where that is allowed, a default for each symbol at the head of a file that has none: from the
 * decimals and the first price of all files of the symbol. Throws `UNKNOWN_SYMBOL`.
 */
export function resolveInstruments(
  files: readonly SurveyedFile[],
  known: ReadonlyMap<string, Instrument>,
  allowDefaults: boolean,
): ReadonlyMap<string, Instrument> {
  const resolved = new Map(known);
  for (const { path, symbols } of files) {
    for (const symbol of symbols.keys()) {
      if (!resolved.has(symbol)) resolved.set(symbol, makeDefault(symbol, path, files, allowDefaults));
    }
  }
  return resolved;
}

function makeDefault(symbol: string, path: string, files: readonly SurveyedFile[], isAllowed: boolean): Instrument {
  const surveys = files.flatMap(({ symbols }) => symbols.get(symbol) ?? []);
  const firstPrice = surveys.find((survey) => survey.firstPrice !== undefined)?.firstPrice;
  if (!isAllowed || firstPrice === undefined) {
    const problem = isAllowed
      ? `${symbol} has no price to make a default from`
      : `${symbol} has no row in instruments.json`;
    throw new MarketError("UNKNOWN_SYMBOL", path, problem, "Add a row for it to markets/instruments.json");
  }
  const scale = Math.max(...surveys.map(({ decimals }) => decimals));
  return defaultInstrument(symbol, scale, BigInt(priceUnits(firstPrice, scale)));
}

/** At least 1. A price that is no exact number is refused, with its line, when its row is read. */
function priceUnits(price: string, scale: number): number {
  const bytes = Buffer.from(price);
  return Math.max(1, new DecimalReader().read(bytes, 0, bytes.length, scale, 1) || 1);
}
