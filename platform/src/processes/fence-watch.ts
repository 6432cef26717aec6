/**
 * Keeps a process' fence fresh: each second it reads the control log through a validator, applies what is new, and confirms the head. The
 * topic brings entries sooner; only the read proves that there is nothing newer.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { FenceReader } from "@countersign/quorum";
import { LogReader, type LogReaderOptions } from "./log-reader.ts";

export interface FenceWatchOptions extends LogReaderOptions {
  readonly fence: FenceReader;
  readonly validators: readonly string[];
}

const EVERY_MS = 1_000;

export class FenceWatch {
  readonly #o: FenceWatchOptions;
  readonly #reader: LogReader;
  readonly #stop = new AbortController();
  #reads = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FenceWatchOptions) {
    this.#o = options;
    this.#reader = new LogReader(options);
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Asks one validator, the next one each time. False: nobody said what the head is. */
  async read(): Promise<boolean> {
    const { fence, validators } = this.#o;
    const server = validators[this.#reads++ % validators.length] ?? "";
    // The age of the answer is that of the question: it was the head at some time after this.
    const askedMs = performance.now();
    const answer = await this.#reader.ask(server, "control", fence.head.seq);
    for (const { entry, votes } of answer?.entries ?? []) if (entry !== undefined) fence.apply(entry, votes);
    const { headSeq, headDigest } = answer ?? {};
    if (headSeq === undefined || headDigest === undefined) return false;
    return fence.confirm({ seq: headSeq, digest: headDigest }, askedMs);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isFresh = await this.read();
      await wait(isFresh ? EVERY_MS : RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

const RETRY_MS = 100;
