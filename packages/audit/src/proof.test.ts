import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema } from "@countersign/contracts";
import { importPublicKey } from "@countersign/envelope";
import { verifyConsistency, verifyInclusion } from "@countersign/merkle";
import { describe, expect, it } from "vitest";
import { checkpointSigner, origin, smallWorld } from "../test/world.ts";
import { decodeBase64 } from "./base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { openNote } from "./note.ts";
import { noteKey } from "./note-key.ts";
import { formatConsistency, formatProof, proveConsistency, proveInclusion } from "./proof.ts";
import { bodyBytesOf, leafOf } from "./record.ts";

const key = noteKey(origin, importPublicKey(checkpointSigner.publicKey));

/** As somebody would who has the record, the proof's text and the log's key, and nothing of ours but the hashes. */
function checkText(text: string, bodyBytes: Uint8Array): boolean {
  const [, index, path, note] = /^c2sp\.org\/tlog-proof@v1\nindex (\d+)\n((?:[^\n]+\n)*)\n(.*)$/s.exec(text)!;
  const opened = openNote(note!, [key]);
  const head = opened.ok ? parseCheckpoint(opened.text) : undefined;
  if (head === undefined) return false;
  const proof = path!
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeBase64(line)!);
  return verifyInclusion({
    index: Number(index),
    size: head.size,
    root: head.root,
    leafHash: leafOf({ bodyBytes }),
    proof,
  });
}

describe("a proof of inclusion", () => {
  it("stands for every record, by index and by msg_id, and for no other", async () => {
    const world = smallWorld();
    const lines = await world.lines();
    const bodies = world.envelopes.map(bodyBytesOf);
    for (const [index, bodyBytes] of bodies.entries()) {
      const proof = proveInclusion(lines, { index });
      const { size, root, hashes, leafHash } = proof;
      expect(verifyInclusion({ index, size, root, leafHash, proof: hashes })).toBe(true);
      expect(proveInclusion(lines, { msgId: fromBinary(BodySchema, bodyBytes).msgId! })).toEqual(proof);
      expect(bodies.map((other) => checkText(formatProof(proof), other))).toEqual(bodies.map((_, n) => n === index));
    }
  });

  it("is refused for a record that is not there, or that no checkpoint covers", async () => {
    const world = smallWorld();
    const lines = await world.lines([world.checkpoint(3)]);
    expect(proveInclusion(lines, { index: 2 }).size).toBe(3);
    for (const which of [{ index: 3 }, { index: 8 }, { index: -1 }, { msgId: "none" }])
      expect(() => proveInclusion(lines, which)).toThrow(expect.objectContaining({ code: "NO_SUCH_RECORD" }));
  });
});

describe("a proof of consistency", () => {
  it("leads from every earlier size to the last checkpoint, and from no other root", async () => {
    const world = smallWorld();
    const lines = await world.lines();
    for (let firstSize = 1; firstSize <= world.envelopes.length; firstSize++) {
      const proof = proveConsistency(lines, firstSize);
      const { firstRoot, size: secondSize, root: secondRoot, hashes } = proof;
      const claim = { firstSize, firstRoot, secondSize, secondRoot, proof: hashes };
      const opened = openNote(world.signed(firstSize), [key]);
      expect(opened.ok && parseCheckpoint(opened.text)?.root).toEqual(firstRoot);
      expect(verifyConsistency(claim)).toBe(true);
      expect(verifyConsistency({ ...claim, firstRoot: leafOf({ bodyBytes: firstRoot }) })).toBe(false);
      const path = hashes.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join("");
      expect(formatConsistency(proof)).toBe(`old ${firstSize}\n${path}\n${world.checkpoint()}`);
    }
  });

  it("is refused from a size that the checkpoint does not cover", async () => {
    const lines = await smallWorld().lines();
    for (const firstSize of [9, -1, 1.5])
      expect(() => proveConsistency(lines, firstSize)).toThrow(expect.objectContaining({ code: "NO_SUCH_RECORD" }));
  });
});
