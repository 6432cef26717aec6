/** Dead letter queues, for an operator: what lies there and why, and putting it back where it was refused. */
import { setTimeout as wait } from "node:timers/promises";
import type { Bus, Delivered } from "@countersign/bus";
import { type ClientOptions, type KafkaAddress, KafkaBus } from "@countersign/bus/kafka";
import { topicEnds, topicNames } from "@countersign/bus/kafka/look";
import { isTransient } from "@countersign/runtime";
import { InputError } from "../inputs.ts";
import { type DeadLetter, isDlqName, letterOf, markedBy, markOf, originalOf } from "./dead-letter.ts";
import { readThroughout } from "./read-throughout.ts";

export interface DlqState {
  readonly dlq: string;
  readonly waiting: readonly DeadLetter[];
  /** Put back, and kept here until retention takes them. */
  readonly redriven: readonly DeadLetter[];
  /** Records that are neither letters nor marks: nobody here wrote them. */
  readonly foreign: number;
}

/** One letter, whole. */
export interface WholeLetter {
  readonly letter: DeadLetter;
  readonly value: Uint8Array;
  readonly headers: Delivered["headers"];
}

export class Dlqs implements AsyncDisposable {
  readonly #client: ClientOptions;
  readonly #bus: Bus;

  constructor(kafka: KafkaAddress) {
    this.#client = { ...kafka, clientId: "countersign-dlq" };
    this.#bus = new KafkaBus({ ...this.#client, onError: () => {} });
  }

  /** @throws BusError UNREACHABLE */
  async names(): Promise<readonly string[]> {
    return (await topicNames(this.#client)).filter(isDlqName);
  }

  /** Those that hold anything, letters or marks: asked of the brokers, without reading them. @throws BusError */
  async used(): Promise<readonly string[]> {
    const names = await this.names();
    const ends = await topicEnds(this.#client, names);
    return names.filter((_, n) => ends[n]?.some(({ low, high }) => low < high));
  }

  async read(dlq: string): Promise<DlqState> {
    const letters: DeadLetter[] = [];
    const marked = new Set<bigint>();
    let foreign = 0;
    await readThroughout(this.#bus, this.#client, dlq, (records) => {
      for (const record of records) {
        const letter = letterOf(record);
        const mark = letter === undefined ? markedBy(record) : undefined;
        if (letter !== undefined) letters.push(letter);
        else if (mark !== undefined) marked.add(mark);
        else foreign++;
      }
    });
    const isRedriven = ({ offset }: DeadLetter) => marked.has(offset);
    const waiting = letters.filter((letter) => !isRedriven(letter));
    return { dlq, waiting, redriven: letters.filter(isRedriven), foreign };
  }

  /** @throws InputError where there is no such letter */
  async show(dlq: string, offset: bigint): Promise<WholeLetter> {
    let found: WholeLetter | undefined;
    await readThroughout(this.#bus, this.#client, dlq, (records) => {
      const record = records.find((one) => one.offset === offset);
      const letter = record && letterOf(record);
      if (record && letter) found = { letter, value: record.value, headers: originalOf(record, letter).headers };
    });
    if (found === undefined)
      throw new InputError(
        "BAD_OPTION",
        `${dlq} holds no letter at offset ${offset}: see ./countersign dlq show ${dlq}`,
      );
    return found;
  }

  /**
   * Puts these letters back onto their topic as they came, byte for byte, and then marks them. A crash between the two puts a letter back
   * twice: the readers' inboxes guard, as against any redelivery.
   * @param letters of one queue, as `read` gave them. @throws BusError; what was put back until then is marked
   */
  async redrive(dlq: string, letters: readonly DeadLetter[], onDone: (letters: readonly DeadLetter[]) => void) {
    const wanted = new Set(letters.map(({ offset }) => offset));
    await readThroughout(this.#bus, this.#client, dlq, async (records) => {
      const chosen = records.flatMap((record) => {
        const letter = wanted.has(record.offset) ? letterOf(record) : undefined;
        return letter === undefined ? [] : [{ letter, original: originalOf(record, letter) }];
      });
      if (chosen.length === 0) return;
      await insist(() => this.#publish(chosen.map(({ original }) => original)));
      await insist(() => this.#publish(chosen.map(({ letter }) => markOf(letter))));
      onDone(chosen.map(({ letter }) => letter));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus.close(0);
  }

  #publish(records: Parameters<Bus["publish"]>[0]): Promise<unknown> {
    return this.#bus.publish(records, { timeoutMs: PUBLISH_TIMEOUT_MS });
  }
}

/** The one owner of retries here: a broker that is away for a moment is no reason to leave half of the work. */
async function insist(publish: () => Promise<unknown>): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; ; await wait(RETRY_MS)) {
    try {
      await publish();
      return;
    } catch (error) {
      if (!isTransient(error) || performance.now() > until) throw error;
    }
  }
}

const PUBLISH_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 30_000;
const RETRY_MS = 100;
