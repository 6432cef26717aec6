/** What every adapter of the QuorumLog port must do, as a function that is handed an adapter and the caller's test API. */
import { emptyHead, type Head } from "./entry.ts";
import { type Append, OPS_MAX, type QuorumLog } from "./log.ts";

interface TestApi {
  it(name: string, test: () => Promise<void>): void;
  equal(actual: unknown, expected: unknown): void;
}

export function quorumLogConformance(open: () => Promise<QuorumLog>, { it, equal }: TestApi): void {
  const withLog = (name: string, test: (log: QuorumLog) => Promise<void>) => it(name, async () => test(await open()));

  withLog("appends to the expected head, and reads back byte for byte, each log by itself", async (log) => {
    equal(await log.head("ledger"), emptyHead);
    const one = entryAfter(emptyHead, "one");
    equal(await log.append(one), { kind: "committed" });
    const two = entryAfter(headOf(one), "two");
    equal(await log.append(two), { kind: "committed" });
    equal(await log.head("ledger"), headOf(two));
    equal(await log.head("control"), emptyHead);
    equal(
      await log.read("ledger", 0n, 10),
      [one, two].map((each) => recordOf(each)),
    );
    equal(await log.read("ledger", 1n, 10), [recordOf(two)]);
    equal(await log.read("ledger", 0n, 1), [recordOf(one)]);
    equal(await log.read("control", 0n, 10), []);
  });

  withLog("refuses any other head, by seq and by digest, and names its own", async (log) => {
    const one = entryAfter(emptyHead, "one");
    await log.append(one);
    for (const head of [emptyHead, { seq: 1n, digest: digestOf("fork") }, { seq: 2n, digest: one.digest }]) {
      const answer = await log.append(entryAfter(head, "two"));
      equal(answer.kind, "conflict");
      equal(answer.kind === "conflict" ? answer.head : undefined, headOf(one));
    }
    equal((await log.read("ledger", 0n, 10)).length, 1);
  });

  withLog("an op id stands in the logs once, whatever the log, and is answered with its place", async (log) => {
    const one = { ...entryAfter(emptyHead, "one"), opIds: ["a", "b"] };
    await log.append(one);
    const place = { log: "ledger", seq: 1n };
    equal(await log.append({ ...entryAfter(headOf(one), "two"), opIds: ["c", "b"] }), {
      kind: "already",
      opId: "b",
      place,
    });
    equal(await log.append({ ...entryAfter(emptyHead, "x"), log: "control", opIds: ["a"] }), {
      kind: "already",
      opId: "a",
      place,
    });
    // Also when the attempt that put it there was the caller's own, whose head is an old one by now.
    equal(await log.append(one), { kind: "already", opId: "a", place });
    equal(await log.find("b"), place);
    equal(await log.find("c"), undefined);
  });

  withLog("an entry is written whole or not at all", async (log) => {
    const one = { ...entryAfter(emptyHead, "one"), opIds: ["a"] };
    await log.append(one);
    const again = { ...entryAfter(headOf(one), "two"), opIds: ["new", "a"] };
    equal(await log.append(again), { kind: "already", opId: "a", place: { log: "ledger", seq: 1n } });
    equal(await log.find("new"), undefined);
    equal(await log.head("ledger"), headOf(one));
    const many = Array.from({ length: OPS_MAX }, (_, n) => `op ${n}`);
    equal(await log.append({ ...again, opIds: many }), { kind: "committed" });
    equal(await log.find(many.at(-1)!), { log: "ledger", seq: 2n });
  });

  withLog("of many appends to one head one is committed", async (log) => {
    const rivals = Array.from({ length: 8 }, (_, n) => entryAfter(emptyHead, `rival ${n}`));
    const answers = await Promise.all(rivals.map((rival) => log.append(rival)));
    equal(answers.filter(({ kind }) => kind === "committed").length, 1);
    equal(answers.filter(({ kind }) => kind === "conflict").length, 7);
    const winner = rivals[answers.findIndex(({ kind }) => kind === "committed")]!;
    equal(await log.read("ledger", 0n, 10), [recordOf(winner)]);
  });

  withLog("of many appends of one op id one is committed", async (log) => {
    const same = entryAfter(emptyHead, "same");
    const answers = await Promise.all(Array.from({ length: 8 }, () => log.append(same)));
    equal(answers.filter(({ kind }) => kind === "committed").length, 1);
    equal(answers.filter(({ kind }) => kind === "already").length, 7);
  });

  withLog("a validator has one vote per log, seq and round", async (log) => {
    const ballot = { log: "ledger", head: emptyHead, round: 0, validator: "v1", digest: digestOf("one") } as const;
    equal(await log.recordVote(ballot), { kind: "recorded" });
    equal(await log.recordVote(ballot), { kind: "recorded" });
    const two = digestOf("two");
    equal(await log.recordVote({ ...ballot, digest: two }), { kind: "voted-otherwise", digest: digestOf("one") });
    equal(await log.recordVote({ ...ballot, digest: two, round: 1 }), { kind: "recorded" });
    equal(await log.recordVote({ ...ballot, digest: two, log: "control" }), { kind: "recorded" });
    equal(await log.recordVote({ ...ballot, digest: two, validator: "v2" }), { kind: "recorded" });
  });

  withLog("and only for the entry behind the head", async (log) => {
    const ballot = { log: "ledger", round: 0, validator: "v1", digest: digestOf("one") } as const;
    equal(await log.recordVote({ ...ballot, head: emptyHead }), { kind: "recorded" });
    const one = entryAfter(emptyHead, "one");
    await log.append(one);
    const conflict = { kind: "conflict", head: headOf(one) };
    equal(await log.recordVote({ ...ballot, head: emptyHead }), conflict);
    equal(await log.recordVote({ ...ballot, head: emptyHead, digest: digestOf("two") }), conflict);
    equal(await log.recordVote({ ...ballot, head: { seq: 1n, digest: digestOf("fork") } }), conflict);
    equal(await log.recordVote({ ...ballot, head: { seq: 2n, digest: digestOf("two") } }), conflict);
    equal(await log.recordVote({ ...ballot, head: headOf(one), digest: digestOf("two") }), { kind: "recorded" });
  });

  withLog("and only when it was judged by the control log as it is", async (log) => {
    const ballot = { log: "ledger", head: emptyHead, round: 0, validator: "v1", digest: digestOf("one") } as const;
    const halt = { ...entryAfter(emptyHead, "halt"), log: "control" } as const;
    await log.append(halt);
    equal(await log.recordVote({ ...ballot, judgedBy: emptyHead }), { kind: "outdated" });
    equal(await log.recordVote({ ...ballot, judgedBy: { seq: 1n, digest: digestOf("another") } }), {
      kind: "outdated",
    });
    equal(await log.recordVote({ ...ballot, judgedBy: headOf(halt) }), { kind: "recorded" });
    // Also one that was recorded before: who signs it now has judged it now.
    equal(await log.recordVote({ ...ballot, judgedBy: emptyHead }), { kind: "outdated" });
  });

  withLog("of many votes at one place one is recorded, and the others learn which", async (log) => {
    const digests = Array.from({ length: 8 }, (_, n) => digestOf(`rival ${n}`));
    const place = { log: "ledger", head: emptyHead, round: 0, validator: "v1" } as const;
    const answers = await Promise.all(digests.map((digest) => log.recordVote({ ...place, digest })));
    const winner = answers.findIndex(({ kind }) => kind === "recorded");
    equal(answers.filter(({ kind }) => kind === "recorded").length, 1);
    const learned = answers.flatMap((answer) => (answer.kind === "voted-otherwise" ? [answer.digest] : []));
    equal(
      learned,
      Array.from({ length: 7 }, () => digests[winner]!),
    );
  });

  withLog("tells its watchers of what was committed, until they leave", async (log) => {
    const seen: string[] = [];
    const leave = log.watch((name, seq) => seen.push(`${name} ${seq}`));
    const one = entryAfter(emptyHead, "one");
    await log.append(one);
    await log.append(one);
    await log.append({ ...entryAfter(emptyHead, "halt"), log: "control" });
    leave();
    await log.append(entryAfter(headOf(one), "two"));
    equal(seen, ["ledger 1", "control 1"]);
  });
}

function entryAfter(expectedHead: Head, name: string): Append {
  return {
    log: "ledger",
    expectedHead,
    entry: bytesOf(`entry ${name}`),
    digest: digestOf(name),
    votes: [bytesOf("vote 1"), bytesOf("vote 2")],
    opIds: [`op ${name}`],
    committedBy: "v1",
  };
}

function headOf({ expectedHead, digest }: Append): Head {
  return { seq: expectedHead.seq + 1n, digest };
}

function recordOf({ expectedHead, entry, digest, votes, committedBy }: Append) {
  return { seq: expectedHead.seq + 1n, entry, digest, votes, committedBy };
}

/** The log takes digests as they are; 32 bytes that tell the name. */
function digestOf(name: string): Uint8Array {
  return bytesOf(name.padEnd(32).slice(0, 32));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
