import type { EntryPosted } from "@countersign/contracts";
import { buildEntry, type Entry, emptyHead, type Head, MemoryQuorumLog, readEntry } from "@countersign/quorum";
import { MemoryStore, type PublishEffect } from "@countersign/runtime";
import { expect, it } from "vitest";
import { deposit, sealPropose } from "../../test/world.ts";
import { Publisher } from "./publisher.ts";

/** A log of three entries, the second by another validator. */
async function logOfThree() {
  const log = new MemoryQuorumLog();
  const entries: Entry[] = [];
  let head: Head = emptyHead;
  for (const [n, committedBy] of ["validator-1", "validator-2", "validator-1"].entries()) {
    const entry = buildEntry("ledger", head, [sealPropose(deposit(`d${n}`, 1n), "person:ada")]);
    const { bytes, digest } = entry;
    await log.append({
      log: "ledger",
      expectedHead: head,
      entry: bytes,
      digest,
      votes: [],
      opIds: [`${n}`],
      committedBy,
    });
    entries.push(entry);
    head = entry;
  }
  return { log, entries: entries as [Entry, Entry, Entry] };
}

it("an entry whose commit nobody was sure of is announced before what follows, or by itself", async () => {
  const { log, entries } = await logOfThree();
  const said: (bigint | undefined)[] = [];
  const publish = async ({ payload }: PublishEffect) => void said.push(readEntry((payload as EntryPosted).entry!)?.seq);
  const publisher = new Publisher({ name: "validator-1", log, store: new MemoryStore(), publish });
  publisher.doubt();
  await publisher.publish(entries[2], []);
  expect(said).toEqual([1n, 3n]);
  const alone = new Publisher({ name: "validator-2", log, store: new MemoryStore(), publish });
  await alone.retry();
  expect(said).toEqual([1n, 3n]);
  alone.doubt();
  await alone.retry();
  await alone.retry();
  expect(said).toEqual([1n, 3n, 2n]);
});

it("what could not be announced is announced at the next occasion, before what follows, and once", async () => {
  const { log, entries } = await logOfThree();
  const [first, , third] = entries;
  const said: (bigint | undefined)[] = [];
  let isAway = true;
  const publish = async ({ payload }: PublishEffect) => {
    if (isAway) throw new Error("the store is away");
    said.push(readEntry((payload as EntryPosted).entry!)?.seq);
  };
  const store = new MemoryStore();
  const publisher = new Publisher({ name: "validator-1", log, store, publish });
  await expect(publisher.publish(first, [])).rejects.toThrow("away");
  await expect(publisher.retry()).rejects.toThrow("away");
  isAway = false;
  await publisher.publish(third, []);
  expect(said).toEqual([1n, 3n]);
  await publisher.retry();
  await new Publisher({ name: "validator-1", log, store, publish }).start();
  expect(said).toEqual([1n, 3n]);
});
