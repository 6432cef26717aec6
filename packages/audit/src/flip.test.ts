import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkpointSigner, origin, smallWorld } from "../test/world.ts";
import { AuditError } from "./error.ts";
import { auditLines } from "./lines.ts";
import { cosignNote } from "./note.ts";
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

  it("may have several signatures by the checkpoint's key, each of which counts", async () => {
    const world = smallWorld();
    const twice = cosignNote(world.checkpoint(), origin, checkpointSigner);
    expect(reasonOf(Buffer.from(await world.text([twice])))).toBeUndefined();
    const end = twice.length - 10;
    const flipped = `${twice.slice(0, end)}${twice[end] === "A" ? "B" : "A"}${twice.slice(end + 1)}`;
    expect(reasonOf(Buffer.from(await world.text([flipped])))).toBeDefined();
  });
});
