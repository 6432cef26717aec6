/**
 * The heads that this validator has read, in its own store: who puts the log's servers back to an earlier day is found out by each of the
 * three as it starts. What the last second brought may be forgotten with a crash.
 */
import { type Head, type LogName, logNames } from "@countersign/quorum";
import { emptyCommit, type Store } from "@countersign/runtime";
import type { Logs } from "./logs.ts";

type Heads = Readonly<Record<LogName, Head>>;

const KEY = "seen";

export class Seen {
  readonly #store: Store;
  readonly #logs: Logs;
  #written: Heads | undefined;
  #version = 0n;

  constructor(store: Store, logs: Logs) {
    this.#store = store;
    this.#logs = logs;
  }

  /** Before the logs are read. */
  async load(): Promise<void> {
    const { state, version } = await this.#store.load(KEY);
    this.#written = state as Heads | undefined;
    this.#version = version;
    for (const log of logNames) {
      const head = this.#written?.[log];
      if (head !== undefined && head.seq > 0n) this.#logs.sawBefore(log, head);
    }
  }

  /** Writes them down, where they have moved. */
  async write(): Promise<void> {
    const heads: Heads = { control: this.#logs.head("control"), ledger: this.#logs.head("ledger") };
    if (logNames.every((log) => this.#written?.[log].seq === heads[log].seq)) return;
    const aggregate = { key: KEY, version: this.#version, state: heads };
    const result = await this.#store.commit({ ...emptyCommit, aggregate });
    if (result.kind !== "committed")
      throw new Error("broken invariant: somebody else writes what this validator has seen");
    this.#written = heads;
    this.#version = result.version;
  }
}
