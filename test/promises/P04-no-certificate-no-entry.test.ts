/**
 * P04 No certificate, no entry.
 *
 * No ledger entry, resume, key, role or limit without a certificate of its members version; a reader never goes back behind a head it has
 * seen. Silence of the quorum beyond the lease (3 s) closes Policy and the gate.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DepositSchema, KeyPurpose, Mode, type Signed, SignedSchema, VoteSchema } from "@countersign/contracts";
import { hex, Keyring, signPayload } from "@countersign/envelope";
import { emptyAccount, foldAccount } from "@countersign/proposer";
import { deposit as depositInput, desk } from "@countersign/proposer/testing";
import {
  buildEntry,
  type Entry,
  FenceReader,
  MemoryQuorumLog,
  signVote,
  type Vote,
  verifyCertificate,
} from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import { Rig } from "../../agents/execution/test/rig.ts";
import { depositEntry } from "../../agents/execution/test/world.ts";
import { Desk } from "../../agents/policy/src/testing.ts";
import type { Kept } from "../../agents/validator/src/index.ts";
import { asOf, contentOf, keptOf, switchable } from "../../agents/validator/test/forgotten.ts";
import { deposit, sealPropose, voteKey as validatorsVoteKey, World } from "../../agents/validator/test/world.ts";
import {
  controlEntry,
  expectedGenesis,
  genesis,
  genesisEntry,
  grantOf,
  haltContent,
  members,
  resumeContent,
  timeMs,
  voteKey,
  votesFor,
} from "../../packages/quorum/test/platform.ts";

const opening = controlEntry(genesisEntry, resumeContent(["birth"], 0n));
const halt = controlEntry(opening, haltContent({ haltId: "a" }));
const two = ["validator-1", "validator-2"];

/** The first vote of the opening as it should be, and the second's as it is told here. */
function withSecond(change: Partial<Vote>, by = "validator-2"): readonly Signed[] {
  const [first, second] = votesFor(opening, two) as [Signed, Signed];
  const { $typeName: _, ...vote } = fromBinary(VoteSchema, second.payload ?? new Uint8Array());
  const bytes = toBinary(VoteSchema, create(VoteSchema, { ...vote, ...(change as object) }));
  return [first, signPayload("vote", bytes, voteKey(by))];
}

/** Read up to the genesis: the opening is the next entry. */
function reader({ seen }: { readonly seen?: Entry } = {}): FenceReader {
  const fence = new FenceReader({ genesisDigest: expectedGenesis });
  if (seen !== undefined) fence.sawBefore(seen);
  fence.apply(genesisEntry.bytes, votesFor(genesisEntry));
  return fence;
}

describe("a resume opens nothing", () => {
  const refusals: readonly (readonly [mark: string, what: string, code: string, votes: readonly Signed[]])[] = [
    ["P04.quorum", "with one vote", "NO_QUORUM", votesFor(opening, ["validator-1"])],
    [
      "P04.distinct",
      "with one validator's vote twice",
      "SAME_VALIDATOR",
      votesFor(opening, ["validator-1", "validator-1"]),
    ],
    ["P04.name", "with a vote in another validator's name", "FORGED_VOTE", withSecond({}, "validator-3")],
    [
      "P04.members-version",
      "with a vote of another members version",
      "OTHER_MEMBERS",
      withSecond({ membersVersion: 2n }),
    ],
    ["P04.place", "with a vote for another place", "OTHER_ENTRY", withSecond({ seq: 9n })],
    ["P04.entry", "with a vote for another entry", "OTHER_ENTRY", withSecond({ entryDigest: halt.digest })],
    ["P04.round", "with votes of two rounds", "TWO_ROUNDS", withSecond({ round: 1 })],
    ["P04.control", "with no votes at all", "NO_QUORUM", []],
  ];
  for (const [mark, what, code, votes] of refusals)
    it(`${mark}: ${what}: ${code}, and trading stays as it was born, halted`, () => {
      const fence = reader();
      expect(fence.apply(opening.bytes, votes)).toEqual({ kind: "refused", code });
      expect(fence.state()).toMatchObject({ epoch: 0n, halts: [{ id: "birth" }], head: { seq: 1n } });
    });

  it("P04.member: with the vote of somebody who is no member, though he has a key for votes: FOREIGN_VOTE", () => {
    const keys = new Keyring();
    for (const grant of [...genesis.keys, grantOf("validator-4", KeyPurpose.VOTE)]) keys.grant(grant);
    const votes = votesFor(opening, ["validator-1", "validator-4"]);
    const reading = { keys, mode: genesis.mode ?? 0, nowMs: timeMs };
    expect(verifyCertificate(opening.bytes, votes, members, reading)).toBe("FOREIGN_VOTE");
  });

  it("unless two of three have signed it", () => {
    const fence = reader();
    expect(fence.apply(opening.bytes, votesFor(opening, two))).toEqual({ kind: "applied" });
    expect(fence.state().halts).toEqual([]);
  });
});

describe("a reader of the control log", () => {
  it("P04.chain: takes no entry that is not the next of its chain: GAP, FORK", () => {
    const fence = reader();
    expect(fence.apply(halt.bytes, votesFor(halt))).toEqual({ kind: "refused", code: "GAP" });
    const aside = controlEntry({ seq: 1n, digest: halt.digest }, resumeContent(["birth"], 0n));
    expect(fence.apply(aside.bytes, votesFor(aside))).toEqual({ kind: "refused", code: "FORK" });
    expect(fence.state().head.seq).toBe(1n);
  });

  it("P04.behind: does not go back behind a head that an earlier life has seen: it shows the halt of birth until it is there", () => {
    const fence = reader({ seen: halt });
    fence.apply(opening.bytes, votesFor(opening));
    expect(fence.state().halts).toMatchObject([{ id: "birth" }]);
    fence.apply(halt.bytes, votesFor(halt));
    expect(fence.state().halts).toMatchObject([{ id: "a" }]);
  });

  it("P04.seen: takes no other entry for the one that an earlier life has seen: FORK", () => {
    const fence = reader({ seen: halt });
    fence.apply(opening.bytes, votesFor(opening));
    const other = controlEntry(opening, haltContent({ haltId: "another" }));
    expect(fence.apply(other.bytes, votesFor(other))).toEqual({ kind: "refused", code: "FORK" });
  });

  it("P04.lease: is stale when the quorum has been silent for more than three seconds", () => {
    const fence = reader();
    expect(fence.confirm(genesisEntry, 1_000)).toBe(true);
    expect([fence.isFresh(4_000), fence.isFresh(4_001)]).toEqual([true, false]);
  });

  it("P04.confirm: is fresh by nobody's word that its head is the log's when it is not", () => {
    const fence = reader();
    expect(fence.confirm(halt, 1_000)).toBe(false);
    expect(fence.isFresh(1_000)).toBe(false);
  });
});

describe("a deposit is nobody's money", () => {
  const content = (depositId: string) => {
    const amount = { units: 50_000_00n, scale: 2, currency: "USD" };
    return {
      case: "deposit",
      value: create(DepositSchema, { depositId, account: "main", amount, by: "person:ada" }),
    } as const;
  };

  it("P04.policy: without a certificate, to Policy: NO_QUORUM on record, and its equity is what it was", () => {
    const desk = Desk.open();
    const before = desk.state;
    const effects = desk.entry(content("forged"), "person:ada", ["validator-1"]);
    expect(effects).toMatchObject([{ payload: { code: "NO_QUORUM", place: "policy" } }, { kind: "alert" }]);
    expect(desk.state).toEqual(before);
  });

  it("P04.execution: without a certificate, to Execution: its book is what it was", () => {
    const rig = new Rig();
    const before = rig.state.book;
    const input = depositEntry(7n, ["validator-1"]);
    rig.state = { ...rig.state, deposits: [] };
    rig.decide(input);
    expect(rig.state.book).toEqual(before);
  });

  it("P04.validator: without a certificate, to a validator: NO_QUORUM of the ledger, and its process stops", async () => {
    const world = await new World().open();
    const head = await world.log.head("ledger");
    const entry = buildEntry("ledger", head, [sealPropose(deposit("d2", 1n), "person:ada")]);
    const vote = { log: "ledger", seq: entry.seq, round: 0, membersVersion: 1n, entryDigest: entry.digest } as const;
    const signed = signVote({ ...vote, validator: "validator-1" }, validatorsVoteKey("validator-1"));
    const facts = {
      digest: entry.digest,
      votes: [toBinary(SignedSchema, signed)],
      opIds: ["x"],
      committedBy: "validator-1",
    };
    await world.log.append({ log: "ledger", expectedHead: head, entry: entry.bytes, ...facts });
    await expect(new World({ log: world.log }).start()).rejects.toMatchObject({
      name: "LogCorrupt",
      code: "NO_QUORUM",
    });
  });

  it("P04.rolled-back, P04.other-past: a log that was put back, or has another past, is no log to a validator who saw more", async () => {
    const world = await new World({ mode: Mode.PAPER }).open();
    await world.propose(deposit("d2", 1n), "person:ada");
    for (const validator of world.validators) await validator.tick();
    // As it is, another life goes on with it.
    await new World({ mode: Mode.PAPER, log: world.log, stores: world.stores }).start();
    const shorter = await new World({ mode: Mode.PAPER }).open();
    const over = (log: typeof world.log) => new World({ mode: Mode.PAPER, log, stores: world.stores }).start();
    await expect(over(shorter.log)).rejects.toMatchObject({ name: "LogCorrupt", code: "ROLLED_BACK" });
    await shorter.propose(deposit("another", 2n), "person:ada");
    await expect(over(shorter.log)).rejects.toMatchObject({ name: "LogCorrupt", code: "FORK" });
  });

  it("P04.went-back: a log that is put back under a validator ends its process, and the next one mends the log", async () => {
    const log = switchable(new MemoryQuorumLog());
    const world = await new World({ mode: Mode.PAPER, log }).open();
    await world.propose(deposit("d2", 1n), "person:ada");
    const before = await contentOf(log);
    for (const validator of world.validators) await validator.tick();
    log.is = await asOf(log, { control: 2, ledger: 1 });
    for (const validator of world.validators)
      await expect(validator.tick()).rejects.toMatchObject({ name: "LogCorrupt", code: "ROLLED_BACK" });
    await new World({ mode: Mode.PAPER, log, stores: world.stores, kept: keptOf(world) }).start();
    expect(await contentOf(log)).toEqual(before);
  });

  it("P04.kept, P04.two-pasts: a log that was put back gets again what two have certified, and neither less nor one of two pasts", async () => {
    const lived = async (name: string) => {
      const world = await new World({ mode: Mode.PAPER }).open();
      await world.propose(deposit(name, 1n), "person:ada");
      for (const validator of world.validators) await validator.tick();
      return world;
    };
    const world = await lived("d2");
    const over = async (kept: Kept) => {
      const log = await asOf(world.log, { control: 2, ledger: 1 });
      await new World({ mode: Mode.PAPER, log, stores: world.stores, kept }).start();
      return contentOf(log);
    };
    expect(await over(keptOf(world))).toEqual(await contentOf(world.log));
    const byOne: Kept = async (name, afterSeq) =>
      (await keptOf(world)(name, afterSeq)).map((record) => ({ ...record, votes: record.votes.slice(0, 1) }));
    await expect(over(byOne)).rejects.toMatchObject({ name: "LogCorrupt", code: "ROLLED_BACK" });
    const another = await lived("another");
    await expect(over(keptOf(world, another))).rejects.toMatchObject({ name: "LogCorrupt", code: "FORK" });
  });

  it("P04.proposer: without a certificate, to those who propose: their book is what it was", () => {
    const input = depositInput("50000.00");
    if (input.kind !== "message") throw new Error("a deposit is a message");
    const [vote] = input.attached;
    expect(foldAccount(emptyAccount(), { ...input, attached: vote === undefined ? [] : [vote] }, desk)).toEqual(
      emptyAccount(),
    );
    expect(foldAccount(emptyAccount(), input, desk)).not.toEqual(emptyAccount());
  });
});

describe("limits that the control log does not name", () => {
  it("P04.limits: permit nothing but what reduces a position: LIMITS_NOT_NAMED at policy", () => {
    const desk = Desk.open();
    const first = { key: "first", quantity: 100n };
    desk.fence = { ...desk.fence, limits: hex(desk.config.limits.digest) };
    desk.ask(first);
    desk.accept(first);
    desk.fill(first, 100n, 10_000n);
    desk.fence = { ...desk.fence, limits: hex(new Uint8Array(32)) };
    expect(desk.ask({ key: "buy", quantity: 1n }).code).toBe("LIMITS_NOT_NAMED");
    expect(desk.ask({ key: "sell", quantity: 1n, side: "SELL", reduceOnly: true }).type).toBe("permit.issued");
  });
});

describe("while the quorum is silent", () => {
  it("P04.policy-lease: Policy permits nothing, not even what reduces: FENCE_STALE at policy", () => {
    const desk = Desk.open();
    const first = { key: "first", quantity: 100n };
    desk.ask(first);
    desk.accept(first);
    desk.fill(first, 100n, 10_000n);
    desk.fence = { ...desk.fence, silent: true };
    expect(desk.ask({ key: "buy", quantity: 1n }).code).toBe("FENCE_STALE");
    expect(desk.ask({ key: "sell", quantity: 1n, side: "SELL", reduceOnly: true }).code).toBe("FENCE_STALE");
  });
});
