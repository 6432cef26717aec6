import { type Batch, BusError, type Delivered, type Handler } from "../port.ts";

/** One hand-over to the handler that is under way. */
export class Delivery {
  readonly #abort = new AbortController();
  #isLate = false;

  /** Past its deadline, and still going on. */
  get isLate(): boolean {
    return this.#isLate;
  }

  abort(): void {
    this.#abort.abort();
  }

  /**
   * The last offset that the handler says it has finished. At `maxProcessingMs` its signal is aborted; half as long again is what it
   * gets to end by that. @throws what the handler throws; BusError STUCK when it does not end; BusError BAD_OFFSET
   */
  async run(handler: Handler, batch: Batch, maxProcessingMs: number): Promise<bigint> {
    const answer = handler(batch, this.#abort.signal);
    const { through } = answer instanceof Promise ? await this.#inTime(answer, batch, maxProcessingMs) : answer;
    const [first, last] = [batch.records[0]!.offset, batch.records.at(-1)!.offset];
    if (through >= first && through <= last) return through;
    const where = `${batch.topic}/${batch.partition}`;
    throw new BusError(
      "fatal",
      "BAD_OFFSET",
      `the handler of ${where} was given ${first} to ${last} and answered ${through}`,
    );
  }

  async #inTime<T>(answer: Promise<T>, batch: Batch, maxProcessingMs: number): Promise<T> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const late = setTimeout(() => {
      this.#isLate = true;
      this.abort();
    }, maxProcessingMs);
    const stuck = setTimeout(() => reject(stuckOn(batch, 1.5 * maxProcessingMs)), 1.5 * maxProcessingMs);
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(late);
      clearTimeout(stuck);
    }
  }
}

function stuckOn({ topic, partition, records }: Batch, ms: number): BusError {
  const at = `${topic}/${partition} from ${records[0]!.offset}`;
  return new BusError("fatal", "STUCK", `the handler of ${at} did not answer within ${ms} ms`);
}

const EMPTY = new Uint8Array(0);

/** The parts of kafkajs's message that we read. */
interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

export function delivered(topic: string, partition: number, message: Message): Delivered {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name,
    [value ?? EMPTY].flat().map(bytes),
  ]);
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    // Ours always have both; what others write is refused by whoever reads it.
    key: message.key ?? EMPTY,
    value: message.value ?? EMPTY,
    headers: Object.fromEntries(headers),
    timestampMs: Number(message.timestamp),
  };
}

function bytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : value;
}

export function sizeOf({ key, value, headers }: Delivered): number {
  let size = key.length + value.length;
  for (const values of Object.values(headers)) for (const one of values) size += one.length;
  return size;
}
