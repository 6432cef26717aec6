/**
 * JSON that keeps bigints, as `{"$bigint":"-12"}`: for snapshots of plain state, whose own keys never begin with a "$".
 * Keys with the value undefined are left out, as JSON does.
 */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? { [BIGINT]: inner.toString() } : inner));
}

/** What `stringifyExact` wrote. Throws SyntaxError for anything that is no such JSON. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, inner) => (isBigint(inner) ? BigInt(inner[BIGINT]) : inner));
}

const BIGINT = "$bigint";

function isBigint(value: unknown): value is { readonly [BIGINT]: string } {
  return typeof value === "object" && value !== null && BIGINT in value && typeof value[BIGINT] === "string";
}
