import { create } from "@bufbuild/protobuf";
import { verifyAudit } from "@countersign/audit";
import { SignalSchema } from "@countersign/contracts";
import { leafHash } from "@countersign/merkle";
import { describe, expect, it } from "vitest";
import { Day, validators } from "../../test/day.ts";

const signal = (day: Day) =>
  day.say("signal", "signals.market.v1", "AAPL", "market.signal", create(SignalSchema, { symbol: "AAPL" }));
const cosignersOf = async (day: Day) => verifyAudit(await day.file()).checkpoints.at(-1)?.cosigners.length;
const lines = (note = "") => note.split("\n").length - 5;

describe("having checkpoints cosigned", () => {
  it("says the last one once more, with the validators' signatures below it, and nothing when there is nothing new", async () => {
    const day = await Day.open();
    await signal(day);
    await day.cosign();
    await day.cosign();
    expect(day.checkpoints.map(({ size, note }) => [size, lines(note)])).toEqual([
      [1n, 1],
      [2n, 1],
      [2n, 4],
    ]);
    expect(day.checkpoints[2]?.chains).toEqual(day.checkpoints[1]?.chains);
    expect(day.cosigners.behind).toBe(0);
    await signal(day);
    expect(day.cosigners.behind).toBe(1);
  });

  it("needs two; the third goes on from where it was when it comes back", async () => {
    const day = await Day.open();
    await day.cosign();
    for (const name of validators.slice(1)) day.witnesses.away.add(name);
    await signal(day);
    await day.cosign();
    expect(day.cosigners.behind).toBe(1);
    day.witnesses.away.delete("validator-2");
    for (let n = 0; n < 10; n++) {
      await signal(day);
      expect(await cosignersOf(day)).toBe(2);
    }
    day.witnesses.away.clear();
    await signal(day);
    const before = day.witnesses.asked.length;
    expect(await cosignersOf(day)).toBe(3);
    // Everybody got what he needs, with the first question.
    const asked = day.witnesses.asked.slice(before).map(({ validator, request }) => `${validator} ${request.oldSize}`);
    expect(asked.sort()).toEqual(["validator-1 12", "validator-2 12", "validator-3 1"]);
  });

  it("asks in another life where each stands", async () => {
    const first = await Day.open();
    for (let n = 0; n < 5; n++) await signal(first);
    await first.cosign();
    await first.close();
    const second = await Day.open({ rig: first.rig, store: first.store, withGenesis: false });
    for (const [name, tree] of first.witnesses.trees) second.witnesses.trees.set(name, tree);
    await signal(second);
    expect(await cosignersOf(second)).toBe(3);
    const sizes = second.witnesses.asked.map(({ request }) => request.oldSize);
    expect(sizes).toEqual([undefined, undefined, undefined, 6n, 6n, 6n]);
  });

  it("of a log that was rewritten, or put back, is refused, and told once", async () => {
    const day = await Day.open();
    const other = leafHash(Buffer.from("another first record"));
    day.witnesses.trees.set("validator-1", { size: 1, hashes: [other] });
    day.witnesses.trees.set("validator-2", { size: 7, hashes: [other, other, other] });
    day.witnesses.trees.set("validator-3", { size: 1, hashes: [other, other] });
    await day.cosign();
    await signal(day);
    await day.cosign();
    expect(day.checkpoints.every(({ note }) => lines(note) === 1)).toBe(true);
    expect(day.refusing.toSorted()).toEqual([
      "validator-1 INCONSISTENT",
      "validator-2 OTHER_SIZE",
      "validator-3 OTHER_SIZE",
    ]);
  });
});
