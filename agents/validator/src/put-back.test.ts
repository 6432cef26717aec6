// Servers of the log that were restored from a snapshot: three validators whose memory reaches further than theirs.
import { Mode } from "@countersign/contracts";
import { logNames, QuorumError, type QuorumLog } from "@countersign/quorum";
import { beforeEach, describe, expect, it } from "vitest";
import { asOf, contentOf, keptOf, switchable } from "../test/forgotten.ts";
import { deposit, resume, World } from "../test/world.ts";
import type { Kept } from "./edge/put-back.ts";

const mode = Mode.PAPER;
const nothingKept: Kept = async () => [];

/** Control: genesis, opening, halt. Ledger: three deposits. */
let before: World;
beforeEach(async () => {
  before = await lived();
});

async function lived(third = "d3"): Promise<World> {
  const world = await new World({ mode }).open();
  await world.accept(deposit("d2", 1_00n), "person:ada");
  await world.halt({ haltId: "h1" }, "policy");
  await world.accept(deposit(third, 1_00n), "person:ada");
  for (const validator of world.validators) await validator.tick();
  return world;
}

/** The next life of all three, over a log that is another. */
function next(log: QuorumLog, kept: Kept): World {
  return new World({ mode, log, stores: before.stores, kept });
}

describe("what was announced comes back", () => {
  it.each([
    ["the last entries", { control: 2, ledger: 1 }],
    ["the halt alone", { control: 2, ledger: 3 }],
    ["everything", { control: 0, ledger: 0 }],
  ])("%s: byte for byte, the halt in force, and the next deposit behind it", async (_, counts) => {
    const log = await asOf(before.log, counts);
    const world = await next(log, keptOf(before)).start();
    expect(await contentOf(log)).toEqual(await contentOf(before.log));
    for (const { fence } of world.validators) expect(fence.state().halts.map(({ id }) => id)).toEqual(["h1"]);
    const lacked = { control: 3 - counts.control, ledger: 3 - counts.ledger };
    const said = logNames.filter((name) => lacked[name] > 0);
    expect(world.putBack).toEqual(said.map((name) => `validator-1: ${lacked[name]} of ${name}`));
    expect(await world.accept(deposit("d4", 1_00n), "person:ada")).toMatchObject({ seq: 4n });
    // Of what stands there, nothing is done twice.
    expect(await world.accept(deposit("d3", 1_00n), "person:ada", { name: "again" })).toMatchObject({ seq: 3n });
    await world.accept(resume(["h1"], 2n), "operator");
  });

  it("in whatever order, however often, and among what nobody has certified", async () => {
    const log = await asOf(before.log, { control: 1, ledger: 0 });
    const kept: Kept = async (name, afterSeq) => {
      const found = await keptOf(before)(name, afterSeq);
      const forged = found.map((record) => ({ ...record, votes: record.votes.slice(0, 1) }));
      return [...found, ...forged, ...found].toReversed();
    };
    await next(log, kept).start();
    expect(await contentOf(log)).toEqual(await contentOf(before.log));
  });

  it("by all three at once", async () => {
    const log = await asOf(before.log, { control: 1, ledger: 1 });
    const world = next(log, keptOf(before));
    await Promise.all(world.validators.map((validator) => validator.start()));
    expect(await contentOf(log)).toEqual(await contentOf(before.log));
  });

  it("from an archive that has more of the ledger than the log's servers", async () => {
    const log = await asOf(before.log, { control: 3, ledger: 1 });
    const read: QuorumLog["read"] = (name, ...page) => (name === "ledger" ? before.log : log).read(name, ...page);
    const behindArchive = Object.assign(switchable(log), { read });
    await next(behindArchive, nothingKept).validators[0]?.start();
    expect(await contentOf(log)).toEqual(await contentOf(before.log));
  });

  it("when the log's servers go away in between, and come back", async () => {
    const log = await asOf(before.log, { control: 0, ledger: 0 });
    let calls = 0;
    const append: QuorumLog["append"] = async (entry) => {
      if (++calls === 2) throw new QuorumError("LOG_UNREACHABLE", "away for a moment");
      return log.append(entry);
    };
    const [one] = next(Object.assign(switchable(log), { append }), keptOf(before)).validators;
    await expect(one?.start()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await one?.start();
    expect(await contentOf(log)).toEqual(await contentOf(before.log));
  });

  it("nobody asks for it when nothing is missing", async () => {
    const asked: string[] = [];
    const kept: Kept = async (name) => {
      asked.push(name);
      return [];
    };
    const world = await next(before.log, kept).start();
    expect([asked, world.putBack]).toEqual([[], []]);
  });
});

describe("nothing is written, and the process stops", () => {
  const earlier = { control: 2, ledger: 1 };

  async function refused(log: QuorumLog, kept: Kept, code: string): Promise<void> {
    const was = await contentOf(log);
    await expect(next(log, kept).start()).rejects.toMatchObject({ name: "LogCorrupt", code });
    expect(await contentOf(log)).toEqual(was);
  }

  it("where the last entry is kept nowhere: ROLLED_BACK", async () => {
    const log = await asOf(before.log, { ...earlier, control: 3 });
    const kept: Kept = async (name, afterSeq) => (await keptOf(before)(name, afterSeq)).filter(({ seq }) => seq < 3n);
    await refused(log, kept, "ROLLED_BACK");
  });

  it("where one in between is: ROLLED_BACK", async () => {
    const log = await asOf(before.log, { ...earlier, control: 3 });
    const kept: Kept = async (name, afterSeq) => (await keptOf(before)(name, afterSeq)).filter(({ seq }) => seq !== 2n);
    await refused(log, kept, "ROLLED_BACK");
  });

  it("where two certified entries want one place: FORK", async () => {
    const other = await lived("another");
    const log = await asOf(before.log, { ...earlier, control: 3 });
    await refused(log, keptOf(before, other), "FORK");
  });

  it("where what is certified is another past than the one that was seen: FORK", async () => {
    const other = await lived("another");
    const log = await asOf(before.log, { ...earlier, control: 3 });
    await refused(log, keptOf(other), "FORK");
  });

  it("where the log's servers have gone on without it: ROLLED_BACK", async () => {
    const other = await new World({ mode }).open();
    await other.accept(deposit("in between", 2_00n), "person:ada");
    await other.halt({ haltId: "h1" }, "policy");
    const log = await asOf(other.log, { control: 3, ledger: 2 });
    await refused(log, keptOf(before), "ROLLED_BACK");
  });
});
