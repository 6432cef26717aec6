import { MarketError } from "../core/error.ts";
import { Lines } from "../core/lines.ts";
import { Survey, type SymbolSurvey } from "../core/survey.ts";
import { symbolOfFile } from "../core/symbol-name.ts";
import { readHeader, type Table } from "../core/table.ts";
import { readText } from "./trace-file.ts";

/** What the header and the first 1,000 rows of a file say. */
export interface SurveyedFile {
  readonly path: string;
  readonly table: Table;
  /** The one symbol of a file without a symbol column. */
  readonly symbol: string | undefined;
  readonly symbols: ReadonlyMap<string, SymbolSurvey>;
  /** The smallest step between two rows of a symbol; a day when there are no two. */
  readonly stepMs: number;
}

/** `symbol` is what the user wrote before `=`; a symbol column goes before it. Throws `MarketError`. */
export async function surveyFile(
  path: string,
  symbol: string | undefined,
  known: { has(symbol: string): boolean },
): Promise<SurveyedFile> {
  let survey: { of: Survey; table: Table; symbol: string | undefined } | undefined;
  const lines = new Lines(path, (bytes, start, end, line) => {
    if (survey) return survey.of.add(bytes, start, end, line);
    const table = readHeader(Buffer.from(bytes.subarray(start, end)).toString("utf8"), path);
    const only = table.columns.symbol >= 0 ? undefined : (symbol?.toUpperCase() ?? symbolOfFile(path, known));
    survey = { of: new Survey(table, path, only), table, symbol: only };
  });
  for await (const chunk of readText(path)) {
    lines.push(chunk);
    if (survey?.of.isComplete) break;
  }
  if (!survey?.of.isComplete) lines.end();
  if (!survey) throw new MarketError("EMPTY", path, "an empty file", "Check the download, or name another file");
  survey.of.finish();
  const { symbols } = survey.of;
  const steps = [...symbols.values()].map(({ stepMs }) => stepMs ?? Number.POSITIVE_INFINITY);
  const stepMs = Math.min(...steps);
  return {
    path,
    table: survey.table,
    symbol: survey.symbol,
    symbols,
    stepMs: Number.isFinite(stepMs) ? stepMs : DAY_MS,
  };
}

const DAY_MS = 86_400_000;
