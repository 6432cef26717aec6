import { readFileSync } from "node:fs";
import { signerFromSeed } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { cosignNote, openNote } from "./note.ts";
import { formatNoteKey, parseNoteKey } from "./note-key.ts";

interface Vectors {
  logKey: string;
  text: string;
  cosigners: { name: string; seed: string; key: string; timeS: string }[];
  note: string;
}
const vectors: Vectors = JSON.parse(readFileSync(new URL("../test/cosignatures.json", import.meta.url), "utf8"));
const { note, text, cosigners } = vectors;
const log = parseNoteKey(vectors.logKey)!;
const keys = cosigners.map(({ key }) => parseNoteKey(key)!);
const names = (known: Parameters<typeof openNote>[1], of = note) => {
  const opened = openNote(of, known);
  return opened.ok ? opened.signatures.map(({ key }) => `${key.kind} ${key.name}`) : opened.code;
};

describe("cosignatures that Go has made", () => {
  it("hold, each under its own key", () => {
    const [one, two] = cosigners.map(({ name }) => `cosignature ${name}`);
    expect(names([log, ...keys])).toEqual(["ed25519 example.com/log", one, two]);
    expect(names([keys[1]!])).toEqual([two]);
    expect(keys.map(formatNoteKey)).toEqual(cosigners.map(({ key }) => key));
  });

  it("are the same bytes as ours, of the same time", () => {
    const unsigned = note.slice(0, note.indexOf("\u2014 witness"));
    const lines = cosigners.map(({ name, seed, timeS }) =>
      cosignNote(unsigned, name, signerFromSeed(Buffer.from(seed, "base64")), Number(timeS)),
    );
    expect(unsigned + lines.join("")).toBe(note);
  });

  it("are none of another text or time, nor signatures of the other kind", () => {
    expect(names(keys, note.replace("20852163", "20852164"))).toBe("BAD_NOTE_SIGNATURE");
    const [line = ""] = note.slice(note.indexOf("\u2014 witness")).split("\n");
    const bytes = Buffer.from(line.split(" ")[2] ?? "", "base64");
    for (const at of [4, 11, 12, 75]) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      const changed = note.replace(bytes.toString("base64"), other.toString("base64"));
      expect(names([log, ...keys], changed)).toBe("BAD_NOTE_SIGNATURE");
    }
    const short = note.replace(bytes.toString("base64"), bytes.subarray(0, 68).toString("base64"));
    expect(names([log, ...keys], short)).toBe("BAD_NOTE_SIGNATURE");
    expect(names([{ ...keys[0]!, kind: "ed25519" }])).toBe("BAD_NOTE_SIGNATURE");
    expect(text).toBe(note.slice(0, text.length));
  });
});
