/** What stores hold, as lines of the files that are read alone, offline. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Store } from "@countersign/runtime";

/** The records of Compliance's log, in its order, all or the first so many: sealed envelopes. */
export async function* leavesOf(compliance: Store, count?: bigint): AsyncGenerator<Uint8Array> {
  for (let after = 0n; count === undefined || after < count; ) {
    const left = count === undefined ? PAGE : Number(count - after);
    const rows = await compliance.read("leaves", after, Math.min(left, PAGE));
    for (const { seq, bytes } of rows) {
      yield bytes;
      after = seq;
    }
    if (rows.length < PAGE) return;
  }
}

/** One line a decision: whose, its number, and the entry as it was stored. */
export async function* journalLines(stores: Iterable<readonly [string, Store]>): AsyncGenerator<string> {
  for (const [agent, store] of stores) {
    for (let after = 0n; ; ) {
      const rows = await store.journal(after, PAGE);
      for (const { n, entry } of rows) {
        yield `{"agent":${JSON.stringify(agent)},"n":${n},"entry":${entry}}\n`;
        after = n;
      }
      if (rows.length < PAGE) break;
    }
  }
}

export function* jsonLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}

export function writeLines(path: string, source: AsyncIterable<string> | Iterable<string>): Promise<void> {
  return pipeline(source, createWriteStream(path));
}

const PAGE = 1_000;
