import {
  auditOrigin,
  cosignerKey,
  cosignerName,
  formatNoteKey,
  leafOf,
  openNote,
  signCheckpoint,
} from "@countersign/audit";
import type { Refused } from "@countersign/contracts";
import { importPublicKey, sha256 } from "@countersign/envelope";
import { MemoryStore, StoreError } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { askCosign, checkpointKey, names, voteKey, World } from "../test/world.ts";

const origin = auditOrigin("test");
const log = checkpointKey("compliance");
const { keyid } = log;
const leaf = (text: string) => leafOf({ bodyBytes: Buffer.from(text) });
const pair = (left: Uint8Array, right: Uint8Array) => sha256(Buffer.concat([Uint8Array.of(1), left, right]));

/** Trees of one and of two records: a log, and another that begins otherwise. */
const [a, b, c] = [leaf("a"), leaf("b"), leaf("c")];
const tree = (size: number, root: Uint8Array, signer = log, of = origin) => ({
  note: signCheckpoint({ origin: of, size, root }, signer),
  keyid: signer.keyid,
  edge: [root],
});
const one = { ...tree(1, a), oldSize: 0n };
const two = { ...tree(2, pair(a, b)), oldSize: 1n, proof: [b] };
const otherOne = { ...tree(1, c), oldSize: 0n };
const otherTwo = { ...tree(2, pair(c, b)), oldSize: 1n, proof: [b] };

describe("cosigning", () => {
  it("says so below the note, at the time it is, for a log that only grows", async () => {
    const world = await new World().open();
    for (const growth of [one, two, { ...two, oldSize: 2n, proof: [] }]) {
      for (const to of names) {
        const { cosignature = "", code } = await askCosign(world, growth, { to });
        expect(code).toBeUndefined();
        const key = cosignerKey(cosignerName(origin, to), importPublicKey(checkpointKey(to).publicKey));
        expect(openNote(growth.note + cosignature, [key])).toMatchObject({
          ok: true,
          signatures: [{ name: key.name }],
        });
        expect(formatNoteKey(key)).toContain(`countersign/test/${to}+`);
      }
    }
  });

  it("says where it stands to who does not know, and to who is behind", async () => {
    const world = await new World().open();
    expect(await askCosign(world, { ...one, oldSize: undefined })).toMatchObject({
      code: "OTHER_SIZE",
      size: 0n,
      edge: [],
    });
    await askCosign(world, one);
    await askCosign(world, two);
    const stands = { code: "OTHER_SIZE", size: 2n, edge: [pair(a, b)] };
    for (const growth of [one, two, { ...two, oldSize: undefined }, { ...one, oldSize: 2n }])
      expect(await askCosign(world, growth)).toMatchObject(stands);
  });

  it("never cosigns two trees of which neither begins with the other, over a restart too, and says so on record once", async () => {
    const world = await new World().open();
    await askCosign(world, one);
    const again = await new World({ log: world.log, stores: world.stores }).start();
    for (const life of [world, again]) {
      expect(await askCosign(life, { ...otherOne, oldSize: 1n })).toMatchObject({ code: "INCONSISTENT" });
      expect(await askCosign(life, otherTwo)).toMatchObject({ code: "INCONSISTENT" });
      expect(await askCosign(life, { ...two, proof: [c] })).toMatchObject({ code: "INCONSISTENT" });
      const refused = life.published.filter(({ type }) => type === "decision.refused");
      const subjects = refused.map(({ payload, idempotencyKey }) => [(payload as Refused).code, idempotencyKey]);
      const root = Buffer.from(a).toString("hex");
      expect(new Set(subjects.map(String))).toEqual(new Set([`INCONSISTENT,refused ${root} INCONSISTENT`]));
    }
    expect((await askCosign(again, two)).cosignature).toBeDefined();
  });

  it("is refused to a note by another key, of another log, with another edge, and to whoever may not ask", async () => {
    const world = await new World().open();
    const bad: [object, string][] = [
      [{ ...tree(1, a, voteKey("validator-1")), oldSize: 0n }, "BAD_NOTE"],
      [{ ...tree(1, a, checkpointKey("validator-2")), oldSize: 0n }, "BAD_NOTE"],
      [{ ...tree(1, a, log, "countersign/other"), oldSize: 0n }, "BAD_NOTE"],
      [{ ...one, note: one.note.replace("\n1\n", "\n2\n") }, "BAD_NOTE"],
      [{ oldSize: 0n, keyid }, "BAD_NOTE"],
      [{ ...one, edge: [b] }, "BAD_EDGE"],
      [{ ...one, edge: [a, a] }, "BAD_EDGE"],
      [{ ...one, edge: [new Uint8Array(3)] }, "BAD_EDGE"],
    ];
    for (const [growth, code] of bad) expect(await askCosign(world, growth)).toMatchObject({ code, size: 0n });
    await expect(askCosign(world, one, { sender: "operator" })).rejects.toMatchObject({ code: "REFUSED" });
  });

  it("reads again what it had cosigned when a commit's answer was lost", async () => {
    class Lost extends MemoryStore {
      isLosing = false;
      override async commit(commit: Parameters<MemoryStore["commit"]>[0]) {
        const result = await super.commit(commit);
        if (this.isLosing) throw new StoreError("STORE_CONTENDED", "the answer was lost");
        return result;
      }
    }
    const stores = names.map(() => new Lost());
    const world = await new World({ stores }).open();
    for (const store of stores) store.isLosing = true;
    await expect(askCosign(world, one)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    for (const store of stores) store.isLosing = false;
    expect(await askCosign(world, otherOne)).toMatchObject({ code: "OTHER_SIZE", size: 1n, edge: [a] });
    expect(await askCosign(world, { ...otherOne, oldSize: 1n })).toMatchObject({ code: "INCONSISTENT" });
    expect((await askCosign(world, two)).cosignature).toBeDefined();
  });

  it("signs nothing that its store has not taken", async () => {
    class Full extends MemoryStore {
      isFull = false;
      override async commit(commit: Parameters<MemoryStore["commit"]>[0]) {
        if (this.isFull) throw new Error("the disk is full");
        return super.commit(commit);
      }
    }
    const stores = names.map(() => new Full());
    const world = await new World({ stores }).open();
    for (const store of stores) store.isFull = true;
    await expect(askCosign(world, one)).rejects.toThrow("the disk is full");
    for (const store of stores) store.isFull = false;
    expect(await askCosign(world, { ...one, oldSize: undefined })).toMatchObject({ size: 0n });
    expect((await askCosign(world, otherOne)).cosignature).toBeDefined();
  });
});
