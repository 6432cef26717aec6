/** State as JSON text. bigint is written {"$n":"123"}; key order is insertion order, so equal construction gives equal text. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    // As it was before a toJSON of its own: a Buffer would write itself as a list of numbers.
    const raw = this[key];
    if (raw instanceof Uint8Array) return { $b: Buffer.from(raw).toString("base64") };
    if (typeof item === "bigint") return { $n: item.toString() };
    if (typeof item === "number" && !Number.isFinite(item))
      throw new Error("a number that is not finite cannot be stored");
    return item;
  });
}

export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null) return item;
    if ("$n" in item && typeof item.$n === "string") return BigInt(item.$n);
    if ("$b" in item && typeof item.$b === "string") return new Uint8Array(Buffer.from(item.$b, "base64"));
    return item;
  });
}
