/** Colours where they help, none where they are not wanted: NO_COLOR, a pipe or a file gets plain text. */
import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

export interface Style {
  readonly paint: (format: Format, text: string) => string;
  /** Columns; Infinity where lines need not fit. */
  readonly width: number;
}

export function styleOf(stream: NodeJS.WriteStream): Style {
  return {
    paint: (format, text) => styleText(format, text, { stream, validateStream: true }),
    width: stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY,
  };
}

export const plain: Style = { paint: (_, text) => text, width: Number.POSITIVE_INFINITY };

/** Cut to so many columns, with a sign that something was cut. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
