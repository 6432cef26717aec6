import { leafHash, MerkleLog } from "../src/index.ts";

/** `count` entries, no two alike, of lengths 4 to 203. */
export function distinctEntries(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const entry = Buffer.alloc(4 + (index % 200), index % 251);
    entry.writeUInt32BE(index);
    return new Uint8Array(entry);
  });
}

export function logOf(entries: readonly Uint8Array[]): MerkleLog {
  const log = new MerkleLog();
  for (const entry of entries) log.append(leafHash(entry));
  return log;
}

export function toHex(hashes: readonly Uint8Array[]): string[] {
  return hashes.map((hash) => Buffer.from(hash).toString("hex"));
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** A copy with one bit turned. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
