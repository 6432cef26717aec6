import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { withCompiled } from "./compile.ts";
import { wireProblem } from "./wire.ts";

const seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const samples = 100;
const folder = mkdtempSync(join(tmpdir(), "countersign-wire-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles two texts of a message M. */
async function twoSchemas(before: string, after: string, syntaxAfter = "proto3") {
  const texts = [`syntax = "proto3"; package t; ${before}`, `syntax = "${syntaxAfter}"; package t; ${after}`];
  const folders = texts.map((text) => {
    const one = mkdtempSync(join(folder, "case-"));
    writeFileSync(join(one, "m.proto"), text);
    return one;
  });
  return await withCompiled(folders, async (compiled) => {
    const [old, present] = compiled.map(({ types }) => types.getMessage("t.M"));
    if (old === undefined || present === undefined) throw new Error("broken invariant: both declare M");
    return [old, present] as const;
  });
}

describe(`the wire test (seed ${seed})`, () => {
  it.each([
    [
      "the same",
      "message M { optional string a = 1; repeated M m = 2; map<string, double> f = 3; }",
      "message M { optional string a = 1; repeated M m = 2; map<string, double> f = 3; }",
    ],
    [
      "a field more",
      "message M { optional string a = 1; }",
      "message M { optional string a = 1; repeated bytes b = 2; }",
    ],
    [
      "a field more, deep inside",
      "message M { repeated N n = 1; } message N { optional int64 a = 1; }",
      "message M { repeated N n = 1; } message N { optional int64 a = 1; optional M m = 2; }",
    ],
    [
      "an enum value more",
      "message M { optional E e = 1; repeated E l = 2; } enum E { Z = 0; A = 1; }",
      "message M { optional E e = 1; repeated E l = 2; } enum E { Z = 0; A = 1; B = 2; }",
    ],
    [
      "a case of a oneof more",
      "message M { oneof o { string a = 1; } }",
      "message M { oneof o { string a = 1; double b = 2; } }",
    ],
  ])("carries %s in both directions", async (_, before, after) => {
    const [old, present] = await twoSchemas(before, after);
    expect(wireProblem({ writer: present, reader: old, seed, samples })).toBeUndefined();
    expect(wireProblem({ writer: old, reader: present, seed, samples })).toBeUndefined();
  });

  it.each([
    [
      "another type of the same wire type",
      "message M { optional int64 a = 1; }",
      "message M { optional sint64 a = 1; }",
      /^field 1, written as .* reads as/,
    ],
    [
      "a wider integer",
      "message M { optional int32 a = 1; }",
      "message M { optional int64 a = 1; }",
      /^field 1, written as .* reads as/,
    ],
    [
      "another wire type",
      "message M { optional string a = 1; }",
      "message M { optional double a = 1; }",
      /^field 1|^cannot be read/,
    ],
    [
      "bytes as text",
      "message M { optional string a = 1; }",
      "message M { optional bytes a = 1; }",
      /^field 1, written as|^cannot be read/,
    ],
    [
      "a list, whose last item alone is kept",
      "message M { optional string a = 1; }",
      "message M { repeated string a = 1; }",
      /^field 1\[0\], written as .* reads as unset/,
    ],
    [
      "a field out of its oneof, where one case drives out the other",
      "message M { oneof o { string a = 1; string b = 2; } }",
      "message M { optional string a = 1; optional string b = 2; }",
      /^field 1, written as .* reads as unset/,
    ],
    [
      "a field deep inside",
      "message M { repeated N n = 1; } message N { optional uint64 a = 1; }",
      "message M { repeated N n = 1; } message N { optional fixed64 a = 1; }",
      /^field 1\[0\]\.1, written as|^cannot be read/,
    ],
    [
      "presence lost",
      "message M { optional uint32 a = 1; }",
      "message M { uint32 a = 1; }",
      /^field 1, written as 0, reads as unset/,
    ],
  ])("finds %s", async (_, before, after, text) => {
    const [old, present] = await twoSchemas(before, after);
    const found = [
      wireProblem({ writer: present, reader: old, seed, samples }),
      wireProblem({ writer: old, reader: present, seed, samples }),
    ].filter((problem) => problem !== undefined);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(text);
  });

  const known = "message M { repeated E e = 1; } enum E { Z = 0; A = 1; }";

  it("carries an enum number that its reader has no name for as that number", async () => {
    const [old, present] = await twoSchemas(known, known.replace("A = 1;", "A = 1; B = 7;"));
    expect(wireProblem({ writer: present, reader: old, seed, samples })).toBeUndefined();
  });
  it("finds a reader that loses enum numbers it has no name for", async () => {
    const enumeration = "message M { optional E e = 1; } enum E { Z = 0; A = 1; }";
    const [open, closed] = await twoSchemas(enumeration, enumeration, "proto2");
    expect(wireProblem({ writer: open, reader: closed, seed, samples })).toBe("field 1, written as 2, reads as unset");
  });
});
