import { readFileSync } from "node:fs";
import { sha256 } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { checkpointSigner } from "../test/world.ts";
import { formatCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { formatProof } from "./proof.ts";

interface Vectors {
  valid: { text: string; origin: string; size: number; root: string }[];
  invalid: Record<string, string>;
  proofs: { index: number; entries: string[]; checkpoint: string; proof: string }[];
}
const vectors: Vectors = JSON.parse(readFileSync(new URL("../test/checkpoints.json", import.meta.url), "utf8"));

describe("a checkpoint's text", () => {
  it.each(vectors.valid)("of $origin at $size: $text", ({ text, origin, size, root }) => {
    const checkpoint = { origin, size, root: new Uint8Array(Buffer.from(root)) };
    expect(parseCheckpoint(text)).toEqual(checkpoint);
    expect(text.startsWith(formatCheckpoint(checkpoint))).toBe(true);
  });

  it.each([
    ...Object.entries(vectors.invalid),
    ["an empty extension line", "Log\n1\nYQ==\n\n"],
    ["a size with a leading zero", "Log\n01\nYQ==\n"],
  ])("is none: %s", (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  it.each([
    ["an origin of two lines", { origin: "a\nb", size: 1 }],
    ["no origin", { origin: "", size: 1 }],
    ["a negative size", { origin: "a", size: -1 }],
  ])("is not written for %s", (_, fields) => {
    const root = new Uint8Array(32);
    expect(() => formatCheckpoint({ ...fields, root })).toThrow(expect.objectContaining({ code: "BAD_CHECKPOINT" }));
  });

  it("is not signed for an origin that can be no key's name", () => {
    const checkpoint = { origin: "two words", size: 1, root: new Uint8Array(32) };
    expect(() => signCheckpoint(checkpoint, checkpointSigner)).toThrow(expect.objectContaining({ code: "BAD_NOTE" }));
  });
});

describe("a proof's text", () => {
  it.each(vectors.proofs)("of entry $index", ({ index, entries, checkpoint, proof }) => {
    const hashes = entries.map((entry) => sha256(Buffer.from(entry)));
    expect(formatProof({ index, hashes, checkpoint })).toBe(proof);
  });
});
