/** What the market has released: counts, and per symbol the first sealed quote of the day and the last, which decisions may name. */
import type { Release } from "@countersign/agent-market";
import type { OutRecord } from "@countersign/bus";
import type { Quote } from "@countersign/contracts";
import { type Keys, openEnvelope } from "@countersign/envelope";
import { payloadOf } from "@countersign/runtime";

export class Feed {
  readonly counts = { quote: 0, trade: 0, bar: 0 };
  readonly #keys = new Map<string, Uint8Array>();
  readonly #first = new Map<string, Uint8Array>();
  readonly #last = new Map<string, Uint8Array>();

  record({ kind, topic, key, bytes }: Release): OutRecord {
    this.counts[kind]++;
    if (kind === "quote") {
      this.#last.set(key, bytes);
      if (!this.#first.has(key)) this.#first.set(key, bytes);
    }
    const known = this.#keys.get(key) ?? Buffer.from(key);
    this.#keys.set(key, known);
    return { topic, key: known, value: bytes, headers: noHeaders };
  }

  /** What came before was for warming up: the day begins with the next quote. */
  beginDay(): void {
    this.#first.clear();
  }

  get lastQuotes(): ReadonlyMap<string, Uint8Array> {
    return this.#last;
  }

  /** Return of buying at the first ask and valuing at the last bid, equal parts of each symbol; undefined when a quote is missing. */
  buyAndHold(symbols: readonly string[], keys: Keys): number | undefined {
    const returns = symbols.map((symbol) => {
      const ask = quoteOf(this.#first.get(symbol), keys)?.askUnits;
      const bid = quoteOf(this.#last.get(symbol), keys)?.bidUnits;
      return ask === undefined || bid === undefined ? undefined : Number(bid) / Number(ask) - 1;
    });
    if (returns.length === 0 || returns.includes(undefined)) return undefined;
    return returns.reduce((sum: number, one) => sum + (one ?? 0), 0) / returns.length;
  }
}

const noHeaders = {};

function quoteOf(bytes: Uint8Array | undefined, keys: Keys): Quote | undefined {
  const opened = bytes === undefined ? undefined : openEnvelope(bytes, keys);
  return opened?.ok ? (payloadOf(opened) as Quote | undefined) : undefined;
}
