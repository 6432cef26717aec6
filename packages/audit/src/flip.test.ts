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
  it("has no byte that can be changed without being found", async () => {
    const world = smallWorld();
    const file = Buffer.from(await world.text([world.checkpoint(3), world.checkpoint()]));
    expect(reasonOf(file)).toBeUndefined();
    const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }));
    const reasons = new Map<string, number>();
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const changed = Uint8Array.from(file);
        changed[at]! ^= mask;
        const reason = reasonOf(changed);
        if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        return reason !== undefined && reason !== "none";
      }),
      { numRuns: 500 },
    );
    // Both kinds of defence are met: the one spelling, and the signatures.
    expect(reasons.get("BAD_LINE")).toBeGreaterThan(0);
    expect([...reasons.keys()].some((code) => code.startsWith("BAD_SIGNATURE") || code === "UNKNOWN_KEY")).toBe(true);
  });

  it("has no single bit, on any line, that can be flipped without being found", async () => {
    const file = Buffer.from(await smallWorld().text());
    // Every seventh byte, each with another bit, covers all fields of all lines in a second or two.
    for (let at = 0; at < file.length; at += 7) {
      const changed = Uint8Array.from(file);
      changed[at]! ^= 1 << (at % 8);
      expect([at, reasonOf(changed)]).not.toEqual([at, undefined]);
    }
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
