/**
 * Announces what this validator has committed, in seq order, with the votes attached. The mark of what was published is in its store; after
 * a crash, or a store that was away, it is published again from there, under the same idempotency key.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import { BodySchema, EntryPostedSchema, type Signed, SignedSchema } from "@countersign/contracts";
import { type Entry, type LogName, logNames, type QuorumLog, readEntry, votesOf } from "@countersign/quorum";
import { emptyCommit, type PublishEffect, type Store } from "@countersign/runtime";
import { Serial } from "./serial.ts";

export interface PublisherOptions {
  readonly name: string;
  readonly log: QuorumLog;
  readonly store: Store;
  readonly publish: (effect: PublishEffect) => Promise<void>;
}

/** The topic of each log. */
export const announcedOn: Readonly<Record<LogName, string>> = {
  control: "control.halt.v1",
  ledger: "ledger.entries.v1",
};

interface Announced {
  readonly entry: Entry;
  readonly votes: readonly Signed[];
}

interface Mark {
  readonly seq: bigint;
  readonly version: bigint;
}

export class Publisher {
  readonly #o: PublisherOptions;
  readonly #serial = new Serial();
  readonly #marks: Record<LogName, Mark> = { control: nothing, ledger: nothing };
  /** Committed, and not announced yet. */
  #waiting: Announced[] = [];
  /** Something was not announced: the log knows what. */
  #isBehind = false;

  constructor(options: PublisherOptions) {
    this.#o = options;
  }

  /** Publishes what was committed and not published in an earlier life. */
  async start(): Promise<void> {
    for (const log of logNames) {
      const { state, version } = await this.#o.store.load(keyOf(log));
      this.#marks[log] = { seq: typeof state === "bigint" ? state : 0n, version };
      await this.#serial.run(() => this.#publishRest(log));
    }
  }

  /** Publishes an entry of this validator's, which is the last it has committed; with it what else waits by then. */
  publish(entry: Entry, votes: readonly Signed[]): Promise<void> {
    this.#waiting.push({ entry, votes });
    return this.#serial.run(() => this.#publishWaiting());
  }

  /** An entry of this validator's may be in the log without its knowing: it looks there before it announces the next, or at the next occasion. */
  doubt(): void {
    this.#isBehind = true;
  }

  /** What could not be announced, once more. */
  async retry(): Promise<void> {
    if (this.#isBehind) await this.#serial.run(() => this.#publishWaiting());
  }

  async #publishWaiting(): Promise<void> {
    const wasBehind = this.#isBehind;
    // A doubt of meanwhile is the next call's.
    this.#isBehind = false;
    try {
      await this.#announce(this.#waiting.splice(0), wasBehind);
    } catch (cause) {
      this.#isBehind = true;
      throw cause;
    }
  }

  async #announce(waiting: readonly Announced[], wasBehind: boolean): Promise<void> {
    if (wasBehind) for (const log of logNames) await this.#publishRest(log);
    const last: Partial<Record<LogName, bigint>> = {};
    for (const { entry, votes } of waiting) {
      if (entry.seq <= this.#marks[entry.log].seq) continue;
      await this.#o.publish(announcement(entry, votes));
      last[entry.log] = entry.seq;
    }
    for (const log of logNames) if (last[log] !== undefined) await this.#mark(log, last[log]);
  }

  async #publishRest(log: LogName): Promise<void> {
    for (;;) {
      const records = await this.#o.log.read(log, this.#marks[log].seq, PAGE);
      for (const record of records) {
        const entry = record.committedBy === this.#o.name ? readEntry(record.entry) : undefined;
        if (entry !== undefined) await this.#o.publish(announcement(entry, votesOf(record)));
      }
      const last = records.at(-1);
      if (last === undefined) return;
      await this.#mark(log, last.seq);
    }
  }

  async #mark(log: LogName, seq: bigint): Promise<void> {
    const { version } = this.#marks[log];
    const aggregate = { key: keyOf(log), version, state: seq };
    const result = await this.#o.store.commit({ ...emptyCommit, aggregate });
    if (result.kind !== "committed") throw new Error(`${this.#o.name}: somebody else marks what it publishes`);
    this.#marks[log] = { seq, version: result.version };
  }
}

function announcement(entry: Entry, votes: readonly Signed[]): PublishEffect {
  const { log, seq } = entry;
  return {
    kind: "publish",
    topic: announcedOn[log],
    key: log,
    type: `${log}.entry`,
    payload: create(EntryPostedSchema, { entry: entry.bytes }),
    intent: "COMMIT",
    idempotencyKey: `${log}:${seq}`,
    attached: votes,
    ...causeOf(entry),
  };
}

/** An entry follows from its first proposal. */
function causeOf({ proposes: [first] }: Entry): Pick<PublishEffect, "cause"> {
  const { payload } = fromBinary(SignedSchema, first ?? new Uint8Array());
  const { msgId, correlationId } = fromBinary(BodySchema, payload ?? new Uint8Array());
  return msgId === undefined || correlationId === undefined ? {} : { cause: { msgId, correlationId } };
}

const keyOf = (log: LogName): string => `published:${log}`;
const nothing: Mark = { seq: 0n, version: 0n };
const PAGE = 256;
