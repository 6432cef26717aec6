import { readFileSync } from "node:fs";
import { signerFromSeed } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "./base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { openNote, signNote } from "./note.ts";
import { formatNoteKey, type NoteKey, parseNoteKey } from "./note-key.ts";

interface Vectors {
  signed: { privateKey: string; keys: string[]; text: string; lines: string[]; badKeys: string[] };
  sumdb: {
    key: string;
    notes: { origin: string; size: number; root: string; unknown: string[]; note: string }[];
  };
}
const { signed, sumdb }: Vectors = JSON.parse(readFileSync(new URL("../test/notes.json", import.meta.url), "utf8"));
const [peter, enoch] = signed.keys.map((key) => parseNoteKey(key)!) as [NoteKey, NoteKey];
const [peterLine, enochLine] = signed.lines as [string, string];
const note = `${signed.text}\n${peterLine}${enochLine}`;
// "PRIVATE+KEY+name+id+base64(type ‖ seed)"
const seed = Buffer.from(signed.privateKey.split("+").slice(4).join("+"), "base64").subarray(1);

describe("notes that others have signed", () => {
  it.each([...signed.keys, sumdb.key])("the key %s", (text) => {
    expect(formatNoteKey(parseNoteKey(text)!)).toBe(text);
  });

  it("a key cut at either end, with another character or of another kind is none", () => {
    const [text = ""] = signed.keys;
    for (let cut = 1; cut < text.length; cut++) {
      expect(parseNoteKey(text.slice(cut))).toBeUndefined();
      expect(parseNoteKey(text.slice(0, -cut))).toBeUndefined();
    }
    for (let at = 0; at < text.length; at++) {
      const other = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) + 1) + text.slice(at + 1);
      expect(parseNoteKey(other)).toBeUndefined();
    }
    expect(signed.badKeys.map(parseNoteKey)).toEqual([undefined, undefined]);
  });

  it("the same text and key give the same note", () => {
    expect(signNote(signed.text, "PeterNeumann", signerFromSeed(seed))).toBe(`${signed.text}\n${peterLine}`);
  });

  it("tells the signatures of known keys from the others", () => {
    const names = (keys: readonly NoteKey[]) => {
      const opened = openNote(note, keys);
      if (!opened.ok) return opened.code;
      return [
        opened.text === signed.text,
        opened.signatures.map(({ name }) => name),
        opened.unknown.map(({ name }) => name),
      ];
    };
    expect(names([peter])).toEqual([true, ["PeterNeumann"], ["EnochRoot"]]);
    expect(names([enoch, peter])).toEqual([true, ["PeterNeumann", "EnochRoot"], []]);
    expect(names([])).toBe("NO_KNOWN_SIGNATURE");
  });

  it.each(sumdb.notes)("Go's checksum database at $size records", ({ origin, size, root, unknown, note: text }) => {
    const opened = openNote(text, [parseNoteKey(sumdb.key)!]);
    if (!opened.ok) throw new Error(opened.code);
    expect(parseCheckpoint(opened.text)).toEqual({ origin, size, root: decodeBase64(root) });
    expect(opened.unknown.map(({ name }) => name)).toEqual(unknown);
    const other = openNote(text.replace(`\n${size}\n`, `\n${size + 1}\n`), [parseNoteKey(sumdb.key)!]);
    expect(other).toEqual({ ok: false, code: "BAD_NOTE_SIGNATURE" });
  });

  it("one known signature that fails spoils the note", () => {
    const [name, id] = [peterLine.slice(0, 60), peterLine.slice(60)];
    expect(openNote(`${signed.text}\n${enochLine}${name}ABCD${id}`, [peter, enoch])).toEqual({
      ok: false,
      code: "BAD_NOTE_SIGNATURE",
    });
  });

  it.each([
    ["no signature", signed.text],
    ["no signature after the empty line", `${signed.text}\n`],
    ["no newline at the end", `${signed.text}\n${peterLine.slice(0, -1)}`],
    ["a control character", `\u0001${signed.text}\n${peterLine}`],
    ["half a character", `\ud800${signed.text}\n${peterLine}`],
    ["a name with a space", `${signed.text}\n${peterLine.replace("PeterNeumann", "Bad Name")}`],
    ["a name with a plus", `${signed.text}\n${peterLine.replace("PeterNeumann", "Bad+Name")}`],
    ["a line of something else", `${signed.text}\n${peterLine}Unexpected line.\n`],
    ["base64 with other bits at its end", `${signed.text}\n${peterLine.replace("nAM=", "nAN=")}`],
    ["101 signatures", `${signed.text}\n${peterLine.repeat(101)}`],
  ])("a note with %s is malformed", (_, text) => {
    expect(openNote(text, [peter])).toEqual({ ok: false, code: "MALFORMED_NOTE" });
  });

  it.each([
    ["a text without a last newline", "text", "name"],
    ["a key name with a space", "text\n", "a name"],
    ["an empty key name", "text\n", ""],
  ])("%s cannot be signed", (_, text, name) => {
    expect(() => signNote(text, name, signerFromSeed(seed))).toThrow(expect.objectContaining({ code: "BAD_NOTE" }));
  });
});
