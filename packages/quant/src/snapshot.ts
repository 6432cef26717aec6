import { QuantError } from "./error.ts";
import type { Restorable } from "./estimator.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Snapshot = { readonly [key: string]: Json };

/**
 * Reads a snapshot of unknown origin. `identity` is what the snapshot must say about its owner (kind and parameters):
 * state of an EMA of 12 must not be continued as one of 26.
 */
export class SnapshotReader {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(snapshot: unknown, identity: Snapshot) {
    this.#fields = asRecord(snapshot);
    for (const [name, expected] of Object.entries(identity)) {
      if (this.#fields[name] !== expected) throw bad(name, `expected ${expected}`);
    }
  }

  number(name: string): number {
    return asNumber(this.#fields[name], name);
  }

  numberOrNothing(name: string): number | undefined {
    return this.#fields[name] === null ? undefined : this.number(name);
  }

  count(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const n = this.number(name);
    if (!Number.isSafeInteger(n) || n < 0 || n > most) throw bad(name, `expected an integer from 0 to ${most}`);
    return n;
  }

  /** An array of at most `most` rows of `width` numbers each. */
  rows(name: string, width: number, most = Number.MAX_SAFE_INTEGER): number[][] {
    const rows = asArray(this.#fields[name], name);
    if (rows.length > most) throw bad(name, `expected at most ${most} rows`);
    return rows.map((row) => {
      const numbers = asArray(row, name).map((x) => asNumber(x, name));
      if (numbers.length !== width) throw bad(name, `expected rows of ${width}`);
      return numbers;
    });
  }

  /** The snapshot of a part, for the part to read. */
  part(name: string): unknown {
    return this.#fields[name];
  }
}

/** One snapshot of several parts by name. */
export function snapshotParts(parts: Readonly<Record<string, Restorable>>): Snapshot {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.snapshot()]));
}

/** All or nothing: when one part refuses its snapshot, the others are put back. */
export function restoreParts(parts: Readonly<Record<string, Restorable>>, snapshot: unknown): void {
  const fields = asRecord(snapshot);
  const before = snapshotParts(parts);
  try {
    for (const [name, part] of Object.entries(parts)) part.restore(fields[name]);
  } catch (error) {
    for (const [name, part] of Object.entries(parts)) part.restore(before[name]);
    throw error;
  }
}

/** A number that is part of a snapshot: the side a strategy stands on, the bars since. */
export class Cell implements Restorable {
  value: number;

  constructor(value: number) {
    this.value = value;
  }

  snapshot(): Snapshot {
    return { value: this.value };
  }

  restore(snapshot: unknown): void {
    this.value = new SnapshotReader(snapshot, {}).number("value");
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("snapshot", "expected an object");
  return value as Readonly<Record<string, unknown>>;
}

function asArray(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(name, "expected an array");
  return value;
}

function asNumber(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw bad(name, "expected a finite number");
  return value;
}

function bad(name: string, expectation: string): QuantError {
  return new QuantError("BAD_SNAPSHOT", `snapshot field ${name}: ${expectation}`);
}
