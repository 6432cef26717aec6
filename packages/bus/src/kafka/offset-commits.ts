/**
 * Writes a group's positions to its coordinator: soon, and those of all partitions together. A commit is a record on three brokers; one for
 * each batch, and awaited before the next is fetched, made each step of a message's way longer by the commit of the one before. What is
 * not yet written when a member dies comes again, as whatever it had not answered for does.
 */
import type { Position, TopicPartition } from "../port.ts";
import { nameOf } from "./deliveries.ts";

/** How long an answer waits for others. */
const EVERY_MS = 500;
const RETRY_MS = 500;

export class OffsetCommits {
  readonly #write: (positions: readonly Position[]) => Promise<void>;
  #waiting = new Map<string, Position>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosing = false;

  /** @param write rejects when they are not written */
  constructor(write: (positions: readonly Position[]) => Promise<void>) {
    this.#write = write;
  }

  /** Everything before `offset` was answered for. While it closes: resolves when that is written, or could not be. */
  async answered(at: TopicPartition, offset: bigint): Promise<void> {
    this.#waiting.set(nameOf(at), { ...at, offset });
    if (this.#isClosing) return this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), EVERY_MS);
  }

  /** Of an assignment that is over: who has them now says where they are. */
  forget(): void {
    this.#waiting.clear();
  }

  /** Writes what waits; what cannot be written is tried again. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#running.then(() => this.#flush());
    return this.#running;
  }

  /** From now on every answer is written at once. */
  close(): Promise<void> {
    this.#isClosing = true;
    return this.flush();
  }

  async #flush(): Promise<void> {
    const positions = this.#waiting;
    if (positions.size === 0) return;
    this.#waiting = new Map();
    try {
      await this.#write([...positions.values()]);
    } catch {
      // The coordinator moves, or the group is between two assignments: a newer position stands for an older one.
      this.#waiting = new Map([...positions, ...this.#waiting]);
      if (!this.#isClosing) this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS);
    }
  }
}
