/**
 * CSV as RFC 4180 has it: a header, CRLF behind every row, quotes where they are needed. Two kinds of cells. A number is ours and is written as
 * it is. A text may be anybody's, a venue's id or a strategy's explanation, and is opened in a spreadsheet: what that would take for a
 * formula gets an apostrophe in front (OWASP, "CSV injection").
 */
interface NumberCell {
  /** Decimal text. */
  readonly number: string;
}
export type Cell = string | NumberCell;

/** A whole file. Every row has a cell for each column. */
export function csvFile(columns: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = csvRow(columns);
  for (const row of rows) {
    if (row.length !== columns.length)
      throw new Error(`broken invariant: ${row.length} cells in ${columns.length} columns`);
    text += csvRow(row);
  }
  return text;
}

function csvRow(cells: readonly Cell[]): string {
  return `${cells.map((cell) => (typeof cell === "string" ? textCell(cell) : numberCell(cell))).join(",")}\r\n`;
}

function numberCell({ number }: NumberCell): string {
  if (!/^-?\d+(\.\d+)?$/.test(number)) throw new Error(`broken invariant: ${JSON.stringify(number)} is no number`);
  return number;
}

function textCell(text: string): string {
  const guarded = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** Also behind blanks, and in the wide forms, which some take for the same. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/u;
