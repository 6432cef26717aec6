/** What the market has released: counts, and the last sealed quote of each symbol, which decisions of this moment may name. */
import type { Release } from "@countersign/agent-market";
import type { OutRecord } from "@countersign/bus";

export class Feed {
  readonly counts = { quote: 0, trade: 0, bar: 0 };
  readonly #keys = new Map<string, Uint8Array>();
  readonly #last = new Map<string, Uint8Array>();

  record({ kind, topic, key, bytes }: Release): OutRecord {
    this.counts[kind]++;
    if (kind === "quote") this.#last.set(key, bytes);
    const known = this.#keys.get(key) ?? Buffer.from(key);
    this.#keys.set(key, known);
    return { topic, key: known, value: bytes, headers: noHeaders };
  }

  get lastQuotes(): ReadonlyMap<string, Uint8Array> {
    return this.#last;
  }
}

const noHeaders = {};
