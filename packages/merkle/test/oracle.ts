// The definitions of RFC 6962 §2.1, word for word and as slow as they read: lists are cut and hashed again each time.
// It shares no code with the package.
import { createHash } from "node:crypto";

/** MTH(D[n]) of §2.1. */
export function root(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0) return sha256();
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return sha256(Buffer.of(0x00), only);
  const k = split(entries.length);
  return sha256(Buffer.of(0x01), root(entries.slice(0, k)), root(entries.slice(k)));
}

/** PATH(m, D[n]) of §2.1.1. */
export function path(m: number, entries: readonly Uint8Array[]): Buffer[] {
  if (entries.length === 1) return [];
  const k = split(entries.length);
  return m < k
    ? [...path(m, entries.slice(0, k)), root(entries.slice(k))]
    : [...path(m - k, entries.slice(k)), root(entries.slice(0, k))];
}

/** PROOF(m, D[n]) of §2.1.2, for 0 < m ≤ n. */
export function consistency(m: number, entries: readonly Uint8Array[]): Buffer[] {
  return subproof(m, entries, true);
}

function subproof(m: number, entries: readonly Uint8Array[], isWholeFirstTree: boolean): Buffer[] {
  if (m === entries.length) return isWholeFirstTree ? [] : [root(entries)];
  const k = split(entries.length);
  return m <= k
    ? [...subproof(m, entries.slice(0, k), isWholeFirstTree), root(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), root(entries.slice(0, k))];
}

/** On which side a leaf's siblings lie, from the leaf up. Two claims of one shape are one claim: roots hide sizes. */
export function inclusionShape(m: number, n: number): string {
  if (n === 1) return "";
  const k = split(n);
  return m < k ? `${inclusionShape(m, k)}R` : `${inclusionShape(m - k, n - k)}L`;
}

/** The same for consistency: where the proof begins, and on which side each next node lies. */
export function consistencyShape(m: number, n: number, isWholeFirstTree = true): string {
  if (m === n) return isWholeFirstTree ? "root " : "node ";
  const k = split(n);
  return m <= k ? `${consistencyShape(m, k, isWholeFirstTree)}R` : `${consistencyShape(m - k, n - k, false)}L`;
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
