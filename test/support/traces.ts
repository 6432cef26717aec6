/** Recorded quotes, as the scripts take them on their command lines: `trace.csv`, or `SYMBOL=trace.csv`. */
export function tracesOf(texts: readonly string[]): { readonly path: string; readonly symbol?: string }[] {
  return texts.map((text) => {
    const [, symbol, path = text] = /^([\w^.-]+)=(.+)$/.exec(text) ?? [];
    return { path, ...(symbol !== undefined && { symbol }) };
  });
}
