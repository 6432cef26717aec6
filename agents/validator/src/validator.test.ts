import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type EntryPosted,
  Log,
  Mode,
  ReadRequestSchema,
  ReadResponseSchema,
  SignedSchema,
} from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { openPool } from "@countersign/postgres";
import { sharedTestServer } from "@countersign/postgres/testing";
import {
  buildEntry,
  emptyHead,
  FenceReader,
  genesisDigest,
  MemoryQuorumLog,
  openPostgresQuorumLog,
  QuorumError,
  type QuorumLog,
  readEntry,
  signVote,
} from "@countersign/quorum";
import { openPostgresStore } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Faulty } from "../test/faulty.ts";
import { fillOf, fillsOf, orderOf } from "../test/fills.ts";
import { deposit, genesisOf, names, resume, sealAs, sealPropose, voteKey, World } from "../test/world.ts";

const announcements = (world: World) => world.published.filter(({ type }) => type.endsWith(".entry"));

describe("three validators", () => {
  it("are born halted, and open with a certified resume", async () => {
    const world = await new World().start();
    const [one] = world.validators;
    expect(one?.fence.state().halts.map(({ id }) => id)).toEqual(["birth"]);
    await world.accept({ case: "genesis", value: genesisOf(Mode.REPLAY) }, "operator");
    expect(one?.fence.state()).toMatchObject({ epoch: 0n, halts: [{ id: "birth" }] });
    await world.accept(resume(["birth"], 0n), "operator");
    expect(one?.fence.state()).toMatchObject({ epoch: 1n, halts: [] });
  });

  it("certify, commit and announce in seq order, with their votes, so that any reader can check it all", async () => {
    const world = await new World().open();
    const said = announcements(world);
    expect(said.map(({ topic, key, idempotencyKey, by }) => [topic, key, idempotencyKey, by])).toEqual([
      ["control.halt.v1", "control", "control:1", "validator-1"],
      ["control.halt.v1", "control", "control:2", "validator-1"],
      ["ledger.entries.v1", "ledger", "ledger:1", "validator-1"],
    ]);
    const fence = new FenceReader({ genesisDigest: genesisDigest(world.genesis) });
    for (const { payload, attached } of said.slice(0, 2)) {
      expect(attached).toHaveLength(3);
      expect(fence.apply((payload as EntryPosted).entry!, attached!)).toEqual({ kind: "applied" });
    }
    expect(fence.state().halts).toEqual([]);
  });

  it("book a round trip: every line balances, and both sides of the identity agree", async () => {
    const world = await new World().open();
    const quote = world.quote(100_00n, 100_01n);
    const buy = orderOf("buy");
    await world.accept(
      fillsOf([fillOf(buy.intent, "e1", quote)], [buy.submit], { units: 100_00n, quote }),
      "execution",
    );
    const sell = orderOf("sell", {
      intent: { side: 2, quantity: { $typeName: "countersign.v1.Quantity", units: 40n, scale: 0 } },
    });
    const sold = fillOf(sell.intent, "e2", quote, {
      lastQty: { $typeName: "countersign.v1.Quantity", units: 40n, scale: 0 },
      lastPx: { $typeName: "countersign.v1.Price", units: 100_00n, scale: 2 },
    });
    await world.accept(fillsOf([sold], [sell.submit], { units: 100_00n, quote }), "execution");

    expect(world.lines.map(({ seq }) => seq)).toEqual(["1", "2", "3"]);
    expect(world.lines[2]?.prev).toBe(world.lines[1]?.entryDigest);
    expect(world.lines[2]?.proposes[0]?.identity).toEqual({
      currency: "USD",
      cash: "93997.00",
      positionValue: "6000.00",
      deposits: "100000.00",
      realised: "-0.40",
      unrealised: "-0.60",
      fees: "2.00",
      equity: "99997.00",
    });
    for (const { proposes, votes } of world.lines) {
      expect(votes).toHaveLength(3);
      for (const { postings } of proposes) {
        const sums = new Map<string, number>();
        for (const { ledger, amount } of postings)
          sums.set(ledger, (sums.get(ledger) ?? 0) + Math.round(Number(amount) * 100));
        expect([...sums.values()].every((sum) => sum === 0)).toBe(true);
      }
    }
    expect(JSON.parse(JSON.stringify(world.lines))).toEqual(world.lines);
    const [one, two] = world.validators.map((validator) => validator.ledgerView().accounts.get("main")?.book);
    expect(one?.positions.AAPL?.quantity.units).toBe(60n);
    expect(one?.cash).toBe(93_997_00n);
    // The last entry reaches the others with the next vote.
    expect(two?.positions.AAPL?.quantity.units).toBe(100n);
  });

  it("a repeated proposal gets the first outcome from any of them, another one under its op id none", async () => {
    const world = await new World().open();
    const first = await world.propose(deposit("d2", 5n), "person:ada");
    for (const to of names)
      expect(await world.propose(deposit("d2", 5n), "person:ada", { to, name: to })).toEqual(first);
    const other = await world.propose(deposit("d2", 6n), "person:ada", { to: "validator-2" });
    expect(other).toMatchObject({ code: "CONFLICT", place: "validator" });
    expect((await world.log.head("ledger")).seq).toBe(2n);
  });

  it("of racing proposers each gets one entry, each op id one place", async () => {
    for (const mode of [Mode.REPLAY, Mode.PAPER]) {
      const world = await new World({ mode }).open();
      const ids = Array.from({ length: 12 }, (_, n) => `race ${n}`);
      // Each is proposed through two validators at once.
      const asked = ids.flatMap((id, n) =>
        [0, 1].map((k) => world.propose(deposit(id, 1n), "person:ada", { to: names[(n + k) % 3]!, name: `${k}` })),
      );
      const answers = await Promise.all(asked);
      for (const answer of answers) expect(answer.code, answer.text).toBeUndefined();
      for (const [n] of ids.entries()) expect(answers[2 * n]).toEqual(answers[2 * n + 1]);
      const records = await world.log.read("ledger", 0n, 100);
      const proposed = records.flatMap(({ entry }) => readEntry(entry)?.proposes ?? []);
      expect(proposed).toHaveLength(13);
      expect(records.map(({ seq }) => seq)).toEqual(records.map((_, n) => BigInt(n + 1)));
      const [one] = world.validators;
      await world.accept(deposit("last", 1n), "person:ada");
      expect(one?.ledgerView().accounts.get("main")?.book.cash).toBe(100_000_13n);
    }
  });

  it("what waits together becomes one entry, and a bad proposal among it refuses itself alone", async () => {
    const world = await new World().open();
    const asked = [deposit("a", 1n), deposit("b", 2n), deposit("c", 0n), deposit("d", 3n)];
    const answers = await Promise.all(asked.map((content) => world.propose(content, "person:ada")));
    expect(answers.map(({ code }) => code)).toEqual([undefined, undefined, "NOT_POSITIVE", undefined]);
    const good = await Promise.all(["e", "f", "g"].map((id) => world.propose(deposit(id, 1n), "person:ada")));
    expect(good.map(({ seq }) => seq)).toEqual([5n, 5n, 5n]);
  });

  it("two of three are enough, one is not", async () => {
    for (const mode of [Mode.REPLAY, Mode.PAPER]) {
      const rpc = new Faulty();
      const world = await new World({ rpc, mode }).open();
      rpc.down.add("validator-3");
      expect(await world.propose(deposit("a", 1n), "person:ada")).toMatchObject({ seq: 2n });
      expect(announcements(world).at(-1)?.attached).toHaveLength(2);
      rpc.down.add("validator-2");
      expect(await world.propose(deposit("b", 1n), "person:ada")).toMatchObject({
        code: "NO_QUORUM",
        place: "validator",
      });
      rpc.down.clear();
      expect(await world.propose(deposit("b", 1n), "person:ada", { to: "validator-3" })).toMatchObject({ seq: 3n });
    }
  });

  it("a split vote is settled in the next round", async () => {
    const world = await new World().open();
    const head = await world.log.head("ledger");
    const rival = buildEntry("ledger", head, [sealPropose(deposit("rival", 1n), "person:ada")]);
    const place = { log: "ledger", head, round: 0, digest: rival.digest } as const;
    for (const validator of names.slice(1)) await world.log.recordVote({ ...place, validator });
    expect(await world.propose(deposit("a", 1n), "person:ada")).toMatchObject({ seq: 2n });
  });

  it("answer a reader with entries and votes", async () => {
    const world = await new World().open();
    const payload = toBinary(ReadRequestSchema, create(ReadRequestSchema, { log: Log.CONTROL, afterSeq: 1n }));
    const request = sealAs("operator", "quorum.read-request", "QuorumService.Read", payload, "read");
    const opened = openEnvelope(
      await world.rpc.call("QuorumService.Read", "validator-2", request, { deadlineMs: 1 }),
      world.keys,
    );
    const answer = fromBinary(ReadResponseSchema, opened.ok ? opened.body.payload : new Uint8Array());
    expect(answer.headSeq).toBe(2n);
    expect(answer.entries.map(({ votes }) => votes.length)).toEqual([3]);
  });

  it("refuse at the door what is not authentic or not allowed, and put it on record", async () => {
    const world = await new World().open();
    const payload = toBinary(ReadRequestSchema, create(ReadRequestSchema, { log: Log.CONTROL }));
    const notAllowed = sealAs("execution", "quorum.read-request", "QuorumService.Read", payload, "read");
    for (const [bytes, code] of [
      [notAllowed, "NOT_ALLOWED"],
      [new Uint8Array([1]), "MALFORMED"],
    ] as const) {
      await expect(world.rpc.call("QuorumService.Read", "validator-1", bytes, { deadlineMs: 1 })).rejects.toMatchObject(
        { code: "REFUSED" },
      );
      expect(world.published.at(-1)).toMatchObject({ type: "decision.refused", payload: { code, place: "pipeline" } });
    }
  });
});

describe("an entry whose commit is not answered", () => {
  it("is announced all the same, once, before what follows or when the validator looks", async () => {
    const log = new MemoryQuorumLog();
    const world = await new World({ log, mode: Mode.PAPER }).open();
    const before = announcements(world).length;
    const append = log.append.bind(log);
    log.append = async (request) => {
      await append(request);
      log.append = append;
      throw new QuorumError("LOG_UNREACHABLE", "the answer is lost");
    };
    await expect(world.propose(deposit("a", 1n), "person:ada")).rejects.toThrow("lost");
    expect(await world.propose(deposit("a", 1n), "person:ada")).toMatchObject({ seq: 2n });
    expect(announcements(world)).toHaveLength(before);
    await world.validators[0]!.retry();
    await world.propose(deposit("b", 1n), "person:ada");
    await world.validators[0]!.retry();
    const said = announcements(world).slice(before);
    expect(said.map(({ by, idempotencyKey }) => [by, idempotencyKey])).toEqual([
      ["validator-1", "ledger:2"],
      ["validator-1", "ledger:3"],
    ]);
  });
});

describe("after a restart", () => {
  it("the projection is what it was, announcements left over are made, and nothing is announced twice", async () => {
    const world = await new World().open();
    const quote = world.quote(100_00n, 100_01n);
    const { submit, intent } = orderOf("buy");
    const content = fillsOf([fillOf(intent, "e1", quote)], [submit], { units: 100_00n, quote });
    await world.accept(content, "execution");
    const before = world.validators[0]!.ledgerView();

    const again = await new World({ log: world.log, stores: world.stores }).start();
    const after = again.validators[0]!.ledgerView();
    expect(after).toEqual(before);
    expect(after.accounts.size).toBe(1);
    expect(again.lines).toEqual(world.lines);
    expect(announcements(again)).toEqual([]);
    expect(await again.propose(content, "execution")).toMatchObject({ seq: 2n });

    const { stores } = new World();
    const unpublished = await new World({ log: world.log, stores }).start();
    expect(announcements(unpublished).map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      announcements(world).map(({ idempotencyKey }) => idempotencyKey),
    );
  });

  it("a vote that was cast is not cast otherwise", async () => {
    const down = new Faulty();
    const world = await new World({ rpc: down }).open();
    for (const name of names.slice(1)) down.down.add(name);
    expect(await world.propose(deposit("a", 1n), "person:ada")).toMatchObject({ code: "NO_QUORUM" });
    const again = await new World({ log: world.log, stores: world.stores }).start();
    const digest = new Uint8Array(32);
    const head = await again.log.head("ledger");
    const ballot = { log: "ledger", head, round: 0, validator: "validator-1", digest } as const;
    expect(await again.log.recordVote(ballot)).toMatchObject({ kind: "voted-otherwise" });
    expect(await again.propose(deposit("b", 1n), "person:ada")).toMatchObject({ seq: 2n });
  });

  it("a log that was tampered with stops the process", async () => {
    const tamper = async (change: (log: QuorumLog) => Promise<void>) => {
      const world = await new World().open();
      await change(world.log);
      return new World({ log: world.log }).start();
    };
    const append = async (log: QuorumLog, entry: ReturnType<typeof buildEntry>, voters: readonly string[]) => {
      const fields = { log: entry.log, seq: entry.seq, round: 0, membersVersion: 1n, entryDigest: entry.digest };
      const votes = voters.map((validator) =>
        toBinary(SignedSchema, signVote({ ...fields, validator }, voteKey(validator))),
      );
      const expectedHead = await log.head(entry.log);
      await log.append({
        log: entry.log,
        expectedHead,
        entry: entry.bytes,
        digest: entry.digest,
        votes,
        opIds: ["x"],
        committedBy: "",
      });
    };
    const proposes = [sealPropose(deposit("x", 1n), "person:ada")];
    const uncertified = tamper(async (log) =>
      append(log, buildEntry("ledger", await log.head("ledger"), proposes), ["validator-1"]),
    );
    await expect(uncertified).rejects.toMatchObject({ name: "LogCorrupt", code: "NO_QUORUM" });
    const unchained = tamper((log) => append(log, buildEntry("ledger", { ...emptyHead, seq: 1n }, proposes), names));
    await expect(unchained).rejects.toMatchObject({ name: "LogCorrupt", code: "FORK" });
    const misplaced = tamper(async (log) =>
      append(log, buildEntry("ledger", { ...(await log.head("ledger")), seq: 2n }, proposes), names),
    );
    await expect(misplaced).rejects.toMatchObject({ name: "LogCorrupt", code: "GAP" });
  });
});

describe("on PostgreSQL", () => {
  it("trade, stop, start again and go on", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, { max: 8, applicationName: "validator-test" });
    const open = async () => {
      const stores = await Promise.all(names.map((name) => openPostgresStore(pool, name.replace("-", "_"))));
      return new World({ log: await openPostgresQuorumLog(pool, "quorum"), stores });
    };
    const world = await (await open()).open();
    const quote = world.quote(100_00n, 100_01n);
    const { submit, intent } = orderOf("buy");
    const content = fillsOf([fillOf(intent, "e1", quote)], [submit], { units: 100_00n, quote });
    const first = await world.accept(content, "execution");
    await world.halt({ haltId: "h1" }, "policy");

    const again = await (await open()).start();
    expect(again.validators[0]?.ledgerView()).toEqual(world.validators[0]?.ledgerView());
    expect(again.validators[0]?.fence.state()).toEqual(world.validators[0]?.fence.state());
    expect(announcements(again)).toEqual([]);
    expect(await again.propose(content, "execution", { to: "validator-3" })).toEqual(first);
    const rivals = names.map((to, n) => again.propose(deposit(`r${n}`, 1n), "person:ada", { to }));
    for (const { code, text } of await Promise.all(rivals)) expect(code, text).toBeUndefined();
  });
});
