import { chainKey } from "./drafts.ts";

/** How far each (topic, key) of the market topics was read: the high-water mark that stands in for an inbox. */
export class Positions {
  readonly #seqs = new Map<string, Map<string, bigint>>();

  /** False when this seq was read before. */
  advance(topic: string, key: string, seq: bigint): boolean {
    let keys = this.#seqs.get(topic);
    if (keys === undefined) {
      keys = new Map();
      this.#seqs.set(topic, keys);
    }
    const known = keys.get(key);
    if (known !== undefined && seq <= known) return false; // P06.market
    keys.set(key, seq);
    return true;
  }

  /** Whether this seq was read before. */
  knows({
    topic,
    key,
    seq = 0n,
  }: {
    readonly topic: string;
    readonly key: string;
    readonly seq?: bigint | undefined;
  }): boolean {
    const known = this.#seqs.get(topic)?.get(key);
    return known !== undefined && seq <= known;
  }

  /** Of what a view folds, as the journal and a snapshot name it: by "topic key". */
  ofMarket(): Readonly<Record<string, string>> {
    const positions: Record<string, string> = {};
    for (const [topic, keys] of this.#seqs) {
      if (!topic.startsWith("market.")) continue;
      for (const [key, seq] of keys) positions[chainKey(topic, key)] = seq.toString();
    }
    return positions;
  }

  restore(positions: Readonly<Record<string, string>>): void {
    for (const [at, seq] of Object.entries(positions)) {
      const space = at.indexOf(" ");
      this.advance(at.slice(0, space), at.slice(space + 1), BigInt(seq));
    }
  }
}
