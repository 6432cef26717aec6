import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosignatureOf, smallWorld, validators } from "../test/world.ts";
import { AuditError } from "./error.ts";
import { auditLines } from "./lines.ts";
import { verifyAudit } from "./verify.ts";

/** Undefined when the file passes for good, else the reason. */
function reasonOf(file: Uint8Array): string | undefined {
  try {
    const { ok, findings } = verifyAudit(auditLines(file));
    return ok ? undefined : (findings[0]?.code ?? "none");
  } catch (error) {
    if (error instanceof AuditError) return error.code;
    throw error;
  }
}

describe("an exported file", () => {
  it("has no bit that can be flipped without being found", async () => {
    const world = smallWorld();
    const text = await world.text([world.checkpoint(3), world.checkpoint()]);
    expect(reasonOf(Buffer.from(text))).toBeUndefined();
    const lines = text.split("\n").slice(0, -1);
    const reasons = new Set<string | undefined>();
    // Any line, any byte of it (its newline too), any bit: the first line, by far the longest, must not take all the runs.
    const flip = fc.tuple(fc.nat(lines.length - 1), fc.nat(9_999), fc.nat(7));
    fc.assert(
      fc.property(flip, ([line, place, bit]) => {
        const start = Buffer.byteLength(lines.slice(0, line).join("\n")) + (line === 0 ? 0 : 1);
        const changed = Buffer.from(text);
        changed[start + Math.floor((place / 10_000) * (Buffer.byteLength(lines[line]!) + 1))]! ^= 1 << bit;
        const reason = reasonOf(changed);
        reasons.add(reason);
        return reason !== undefined && reason !== "none";
      }),
      { numRuns: 150 },
    );
    // Both kinds of defence were met: the one spelling of a line, and what verifies its content.
    expect(reasons).toContain("BAD_LINE");
    expect(reasons.size).toBeGreaterThan(2);
  });

  it("loses no line, gains none and changes no order unnoticed", async () => {
    const world = smallWorld();
    const lines = await world.lines();
    const reason = (spoilt: readonly string[]) => reasonOf(Buffer.from(spoilt.map((line) => `${line}\n`).join("")));
    for (let at = 0; at < lines.length; at++) {
      expect(reason(lines.toSpliced(at, 1))).toBeDefined();
      expect(reason(lines.toSpliced(at, 0, lines[at]!))).toBeDefined();
      if (at > 0) expect(reason(lines.toSpliced(at - 1, 2, lines[at]!, lines[at - 1]!))).toBeDefined();
    }
  });

  it("has a checkpoint of which every signature counts, the third cosignature too", async () => {
    const world = smallWorld();
    const note = world.checkpoint(undefined, validators);
    const records = (await world.lines()).slice(0, -1);
    const reason = (spoilt: string) => {
      const lines = [...records, JSON.stringify({ checkpoint: spoilt })];
      return reasonOf(Buffer.from(lines.map((line) => `${line}\n`).join("")));
    };
    expect(reason(note)).toBeUndefined();
    const cosignatures = note.indexOf(cosignatureOf(validators[0]!, note));
    expect(cosignatures).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.integer({ min: cosignatures, max: note.length - 1 }), fc.nat(6), (at, bit) => {
        const other = String.fromCharCode(note.charCodeAt(at) ^ (1 << bit));
        return reason(note.slice(0, at) + other + note.slice(at + 1)) !== undefined;
      }),
    );
  });
});
