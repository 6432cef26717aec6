import { MarketError } from "./error.ts";

/**
 * The symbol that a file's name gives, by this rule: without folder and endings, in parts between blanks, `_`, `-` and `.`, the
 * first part that has a row in instruments.json (`ticks_xauusd_20140502.csv.gz`), or else the first two neighbours that have one
 * together (`BTC-USD.csv`); or else the whole name when it is in capital letters (`MSFT.csv`, `^GSPC.csv`, `BRK-B.csv`).
 * Throws `NO_SYMBOL`.
 */
export function symbolOfFile(path: string, known: { has(symbol: string): boolean }): string {
  const name = (path.split(/[\\/]/).at(-1) as string).replace(/(\.(csv|tsv|txt|gz))+$/i, "");
  const parts = name.toUpperCase().split(/[\s_.-]+/);
  const pairs = parts.slice(1).map((part, index) => `${parts[index]}${part}`);
  const symbol = [...parts, ...pairs].find((candidate) => known.has(candidate));
  if (symbol !== undefined) return symbol;
  if (/^\^?[A-Z][A-Z0-9]*([.-][A-Z0-9]+)*$/.test(name) && name.length <= 12) return name;
  throw new MarketError("NO_SYMBOL", path, "nothing says which symbol this is", `Name it: SYMBOL=${path}`);
}
