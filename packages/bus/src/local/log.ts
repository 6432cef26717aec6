import type { Delivered } from "../port.ts";

/** One partition's records. Those that every subscription has passed are let go, except the newest `retained`. */
export class PartitionLog {
  #records: Delivered[] = [];
  #first = 0;
  #end = 0;
  readonly #retained: number;

  constructor(retained: number) {
    this.#retained = retained;
  }

  /** Offset of the oldest record still held. */
  get start(): number {
    return this.#first;
  }

  /** The offset the next record will get. */
  get end(): number {
    return this.#end;
  }

  append(record: Delivered): void {
    this.#records.push(record);
    this.#end++;
  }

  at(offset: number): Delivered {
    const record = this.#records[offset - this.#first];
    if (record === undefined) throw new Error(`offset ${offset} is outside [${this.#first}, ${this.#end})`);
    return record;
  }

  /** Lets go of what lies before `passed`; in strides, because cutting an array costs its length. */
  trim(passed: number): void {
    const keepFrom = Math.min(passed, this.#end - this.#retained);
    if (keepFrom - this.#first < this.#retained) return;
    this.#records = this.#records.slice(keepFrom - this.#first);
    this.#first = keepFrom;
  }
}
