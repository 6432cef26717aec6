import type { Delivered } from "@countersign/bus";

/** The first value of each header, as text; undefined when there is none. */
export function headerTexts(headers: Delivered["headers"]): Readonly<Record<string, string>> | undefined {
  let texts: Record<string, string> | undefined;
  for (const name in headers) {
    texts ??= {};
    texts[name] = headerText(headers, name) ?? "";
  }
  return texts;
}

export function headerText(headers: Delivered["headers"], name: string): string | undefined {
  const values = headers[name];
  return values === undefined ? undefined : Buffer.from(values[0] ?? []).toString();
}
