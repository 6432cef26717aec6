/**
 * The last quotes of one symbol, oldest first: a ring of columns. A validator keeps an hour of them for each symbol. As objects they were
 * most of its memory, 300 bytes each and whatever buffer their bytes were a part of; here they are 70.
 */
import type { LastQuote } from "@countersign/ledger";
import { price } from "@countersign/orders";
import type { MarketRef } from "@countersign/runtime";

export interface SeenQuote extends LastQuote {
  readonly eventTimeMs: number;
}

interface NewQuote extends MarketRef {
  readonly eventTimeMs: number;
  readonly bidUnits: bigint;
  readonly askUnits: bigint;
  /** Of both prices. */
  readonly scale: number;
}

export class Quotes {
  readonly #symbol: string;
  readonly #most: number;
  #columns: Columns;
  /** Where the oldest is. */
  #first = 0;
  #length = 0;

  /** @param most how many are kept; with the next the oldest goes */
  constructor(symbol: string, most: number) {
    this.#symbol = symbol;
    this.#most = most;
    this.#columns = columnsOf(Math.min(most, FIRST_ROOM));
  }

  get length(): number {
    return this.#length;
  }

  push({ eventTimeMs, bidUnits, askUnits, scale, msgId, seq, digest }: NewQuote): void {
    if (this.#length === this.#columns.times.length && this.#length < this.#most) this.#grow();
    const { times, bids, asks, scales, seqs, digests, msgIds } = this.#columns;
    const row = (this.#first + this.#length) % times.length;
    if (this.#length < times.length) this.#length++;
    else this.#first = (this.#first + 1) % times.length;
    times[row] = eventTimeMs;
    bids[row] = bidUnits;
    asks[row] = askUnits;
    scales[row] = scale;
    seqs[row] = seq;
    digests.set(digest, row * DIGEST_BYTES);
    msgIds[row] = msgId;
  }

  /** From 0, the oldest. */
  timeAt(index: number): number {
    return this.#columns.times[this.#row(index)]!;
  }

  at(index: number): SeenQuote {
    const row = this.#row(index);
    const { times, bids, asks, scales, seqs, digests, msgIds } = this.#columns;
    const scale = scales[row]!;
    const digest = digests.slice(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
    return {
      bid: price(bids[row]!, scale),
      ask: price(asks[row]!, scale),
      ref: { $typeName: "countersign.v1.QuoteRef", symbol: this.#symbol, msgId: msgIds[row]!, seq: seqs[row]!, digest },
      eventTimeMs: times[row]!,
    };
  }

  /** Of the last one at or before the time; -1 if there is none. */
  lastIndexAt(timeMs: number): number {
    let index = this.#length - 1;
    while (index >= 0 && this.timeAt(index) > timeMs) index--;
    return index;
  }

  /** -1 if it is not among them. */
  indexOf(msgId: string): number {
    const { msgIds } = this.#columns;
    let index = this.#length - 1;
    while (index >= 0 && msgIds[this.#row(index)] !== msgId) index--;
    return index;
  }

  #row(index: number): number {
    return (this.#first + index) % this.#columns.times.length;
  }

  /** While it grows nothing has gone yet: the oldest is in row 0. */
  #grow(): void {
    const before = this.#columns;
    const after = columnsOf(Math.min(this.#most, 2 * before.times.length));
    after.times.set(before.times);
    after.bids.set(before.bids);
    after.asks.set(before.asks);
    after.scales.set(before.scales);
    after.seqs.set(before.seqs);
    after.digests.set(before.digests);
    after.msgIds.push(...before.msgIds);
    this.#columns = after;
  }
}

type Columns = ReturnType<typeof columnsOf>;

function columnsOf(room: number) {
  return {
    times: new Float64Array(room),
    bids: new BigInt64Array(room),
    asks: new BigInt64Array(room),
    scales: new Uint8Array(room),
    seqs: new BigUint64Array(room),
    digests: new Uint8Array(room * DIGEST_BYTES),
    msgIds: [] as string[],
  };
}

/** SHA-256. */
const DIGEST_BYTES = 32;
const FIRST_ROOM = 1_024;
