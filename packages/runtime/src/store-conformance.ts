/** What every adapter of the Store port must do, as a function that is handed one. Each test gets an empty store. */
import { type Commit, emptyCommit, type Store } from "./store.ts";

interface TestApi {
  it(name: string, test: () => Promise<void>): void;
  equal(actual: unknown, expected: unknown): void;
}

const digest = (n: number) => new Uint8Array(32).fill(n);
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const commitOf = (part: Partial<Commit>): Commit => ({ ...emptyCommit, ...part });
const aggregate = (key: string, version: bigint, state: unknown) => ({ aggregate: { key, version, state } });
const message = (id: string, n = 1) => ({ inbox: [{ msgId: id, digest: digest(n), answer: undefined }] });

/** A commit that touches everything, to see that a refused one writes nothing at all. */
const everything = (tag: string): Partial<Commit> => ({
  claims: [{ id: `claim ${tag}`, by: tag }],
  timers: [{ id: `timer ${tag}`, key: "a", dueMs: 5, data: null, correlationId: "c" }],
  journal: [{ entry: `{"tag":"${tag}"}` }],
  outbox: [
    { msgId: `out ${tag}`, kind: "publish", topic: "t", key: "k", seq: 1n, bytes: bytes(tag), callId: undefined },
  ],
  chains: [{ topic: "t", key: tag, was: 0n, seq: 1n, digest: digest(1) }],
  appends: [{ stream: tag, seq: 1n, bytes: bytes(tag) }],
  snapshot: { json: `"${tag}"` },
});

export function storeConformance(open: () => Promise<Store>, { it, equal }: TestApi): void {
  const contents = async (store: Store) => ({
    aggregates: await store.list(),
    chains: await store.chains(),
    timers: await store.timers(),
    unpublished: (await store.unpublished("publish")).map((row) => row.msgId),
    journal: (await store.journal(0n, 100)).map((row) => row.entry),
    snapshot: await store.snapshot(),
  });

  it("gives back state with bigints and bytes, and counts versions", async () => {
    const store = await open();
    const state = { n: 12345678901234567890n, list: [{ x: -1n }], bytes: bytes("ab"), text: "ü", none: null };
    equal(await store.load("a"), { state: undefined, version: 0n });
    equal(await store.commit(commitOf(aggregate("a", 0n, state))), { kind: "committed", version: 1n });
    equal(await store.load("a"), { state, version: 1n });
    equal(await store.commit(commitOf(aggregate("a", 1n, null))), { kind: "committed", version: 2n });
    equal(await store.list(), []);
  });

  it("hands back what is known of an aggregate as long as nobody has changed it, and what it is now after that", async () => {
    const store = await open();
    await store.commit(commitOf(aggregate("a", 0n, { n: 1 })));
    const known = await store.load("a");
    equal((await store.load("a", known)) === known, true);
    await store.commit(commitOf(aggregate("a", 1n, { n: 2 })));
    equal(await store.load("a", known), { state: { n: 2 }, version: 2n });
    const never = { state: { n: 3 }, version: 1n };
    equal(await store.load("b", never), { state: undefined, version: 0n });
  });

  it("refuses a commit on another version than it was decided on", async () => {
    const store = await open();
    await store.commit(commitOf(aggregate("a", 0n, 1)));
    equal((await store.commit(commitOf(aggregate("a", 0n, 2)))).kind, "conflict");
    equal((await store.commit(commitOf(aggregate("a", 7n, 2)))).kind, "conflict");
    equal((await store.load("a")).state, 1);
  });

  it("acts on a message once: the second time it gives the first outcome and writes nothing", async () => {
    const store = await open();
    const answered = { inbox: [{ msgId: "m", digest: digest(7), answer: bytes("yes") }] };
    await store.commit(commitOf({ ...answered, ...aggregate("a", 0n, 1) }));
    const before = await contents(store);
    const again = await store.commit(commitOf({ ...message("m", 8), ...aggregate("a", 1n, 2), ...everything("x") }));
    equal(plain(again), {
      kind: "duplicate",
      msgId: "m",
      outcome: { digest: [...digest(7)], answer: [...bytes("yes")] },
    });
    equal(await contents(store), before);
    equal(plain(await store.outcome("m")), { digest: [...digest(7)], answer: [...bytes("yes")] });
    equal(await store.outcome("other"), undefined);
  });

  it("gives a claim to the first, for ever, and says to whom", async () => {
    const store = await open();
    await store.commit(commitOf({ claims: [{ id: "permit 1", by: "first" }] }));
    const before = await contents(store);
    const claims = [
      { id: "permit 2", by: "second" },
      { id: "permit 1", by: "second" },
    ];
    equal(await store.commit(commitOf({ ...everything("x"), ...message("m"), claims, ...aggregate("a", 0n, 1) })), {
      kind: "claimed",
      id: "permit 1",
      by: "first",
    });
    equal(await contents(store), before);
    equal(await store.outcome("m"), undefined);
    equal((await store.commit(commitOf({ claims: [{ id: "permit 2", by: "third" }] }))).kind, "committed");
  });

  it("keeps chains without forks", async () => {
    const store = await open();
    const link = (was: bigint, seq: bigint) => ({
      chains: [{ topic: "t", key: "k", was, seq, digest: digest(Number(seq)) }],
    });
    await store.commit(commitOf(link(0n, 2n)));
    equal((await store.commit(commitOf({ ...link(0n, 1n), ...message("m") }))).kind, "conflict");
    equal((await store.commit(commitOf(link(1n, 3n)))).kind, "conflict");
    equal((await store.commit(commitOf(link(2n, 3n)))).kind, "committed");
    equal(plain(await store.chains()), [{ topic: "t", key: "k", seq: 3n, digest: [...digest(3)] }]);
    equal(await store.outcome("m"), undefined);
  });

  it("keeps streams without gaps", async () => {
    const store = await open();
    const at = (seq: bigint, text: string) => ({ stream: "s", seq, bytes: bytes(text) });
    await store.commit(commitOf({ appends: [at(1n, "a"), at(2n, "b")] }));
    equal((await store.commit(commitOf({ appends: [at(4n, "d")] }))).kind, "conflict");
    equal((await store.commit(commitOf({ appends: [at(2n, "x")] }))).kind, "conflict");
    await store.commit(commitOf({ appends: [at(3n, "c")] }));
    equal(plain(await store.read("s", 1n, 10)), [
      { seq: 2n, bytes: [...bytes("b")] },
      { seq: 3n, bytes: [...bytes("c")] },
    ]);
    equal((await store.read("s", 0n, 2)).length, 2);
    equal(await store.read("other", 0n, 10), []);
  });

  it("keeps timers until they are cancelled, the earliest first, one per id", async () => {
    const store = await open();
    const timer = (id: string, dueMs: number) => ({ id, key: "a", dueMs, data: { n: 1n }, correlationId: "c" });
    await store.commit(commitOf({ timers: [timer("late", 30), timer("early", 10), timer("gone", 5)] }));
    await store.commit(commitOf({ timers: [timer("late", 7)], cancelledTimers: ["gone"] }));
    equal(await store.timers(), [timer("late", 7), timer("early", 10)]);
    equal(await store.timers(10), [timer("late", 7)]);
    equal(await store.timers(11), [timer("late", 7), timer("early", 10)]);
  });

  it("keeps the outbox in commit order until it is published", async () => {
    const store = await open();
    const out = (id: string) => ({
      msgId: id,
      kind: "call" as const,
      topic: "S.M@x",
      key: "k",
      seq: undefined,
      bytes: bytes(id),
      callId: `call ${id}`,
    });
    await store.commit(commitOf({ outbox: [out("2"), out("1")] }));
    await store.commit(commitOf({ outbox: [out("3")] }));
    equal(
      plain(await store.unpublished("call")),
      ["2", "1", "3"].map((id) => ({ ...out(id), bytes: [...bytes(id)] })),
    );
    const ids = async (limit?: number) => (await store.unpublished("call", limit)).map((row) => row.msgId);
    equal(await ids(2), ["2", "1"]);
    await store.commit(commitOf({ published: ["1"] }));
    await store.markPublished(["2"]);
    equal(await ids(), ["3"]);
    equal(await store.unpublished("publish"), []);
  });

  it("refuses a row of the outbox under an id that is there: another replica decided the same", async () => {
    const store = await open();
    await store.commit(commitOf(everything("x")));
    await store.markPublished(["out x"]);
    const before = await contents(store);
    const again = { ...everything("y"), outbox: everything("x").outbox!, ...aggregate("a", 0n, 1) };
    equal((await store.commit(commitOf(again))).kind, "conflict");
    equal(await contents(store), before);
  });

  it("lets one of two racing commits through", async () => {
    const store = await open();
    await store.commit(commitOf(aggregate("a", 0n, 0)));
    const race = await Promise.all(
      [1, 2, 3, 4].map((n) => store.commit(commitOf({ ...aggregate("a", 1n, n), claims: [{ id: "c", by: `${n}` }] }))),
    );
    equal(race.filter((result) => result.kind === "committed").length, 1);
    equal((await store.load("a")).version, 2n);
  });
}

/** Buffers and Uint8Arrays compare as lists of numbers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
