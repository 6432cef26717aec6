import { describe, expect, it } from "vitest";
import { smallWorld } from "../test/world.ts";
import * as audit from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(audit).sort()).toEqual([
      "AuditError",
      "auditLines",
      "auditOrigin",
      "bodyBytesOf",
      "breakText",
      "checkpointKey",
      "cosignNote",
      "cosignerKey",
      "cosignerName",
      "edgeRoot",
      "emptyLog",
      "exportAudit",
      "foldRecord",
      "formatCheckpoint",
      "formatConsistency",
      "formatNoteKey",
      "formatProof",
      "headOf",
      "leafOf",
      "noteKey",
      "openNote",
      "parseCheckpoint",
      "parseNoteKey",
      "proveConsistency",
      "proveInclusion",
      "signCheckpoint",
      "signNote",
      "takeCheckpoint",
      "verifyAudit",
      "witness",
    ]);
  });

  it("works as the README shows", async () => {
    const world = smallWorld();
    let text = "";
    for await (const line of audit.exportAudit(world.envelopes, [world.checkpoint()])) text += line;
    const file = Buffer.from(text);
    const verdict = audit.verifyAudit(audit.auditLines(file));
    expect([verdict.ok, verdict.findings]).toEqual([true, []]);
    expect(audit.formatProof(audit.proveInclusion(audit.auditLines(file), { index: 3 }))).toContain("index 3\n");
  });
});
