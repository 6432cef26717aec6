import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestRegistry } from "./test-registry.ts";

const reported = "orders.execution.v1-countersign.v1.OrderReported";
const placed = "hedges.v1-countersign.v1.HedgePlaced";

let test: TestRegistry;
beforeEach(() => {
  test = new TestRegistry();
});
afterEach(() => test.remove());

describe("a release", () => {
  it("gives the changed subject its next version and leaves all others where they are", async () => {
    test.edit("orders", "optional string text = 10;", "optional string text = 10;\n  optional uint64 at_ms = 11;");
    expect(await test.release()).toEqual({ release: 2, versions: new Map([[reported, 2]]) });
    const index = JSON.parse(readFileSync(test.indexFile, "utf8"));
    expect(index.subjects[reported].releases).toEqual([1, 2]);
    expect(index.subjects[placed].releases).toEqual([1]);
    expect(await test.check()).toMatchObject({ problems: [], unreleased: [] });
    expect(await test.release()).toBeUndefined();
  });

  it("is refused, and nothing written, when it would break what has been released", async () => {
    const before = readFileSync(test.indexFile, "utf8");
    test.edit("orders", "optional string text = 10;", "optional bytes text = 10;");
    await expect(test.release()).rejects.toMatchObject({ code: "NOT_RELEASABLE" });
    expect(readFileSync(test.indexFile, "utf8")).toBe(before);
    expect(readdirSync(join(test.registry, "releases"))).toEqual(["1"]);
  });

  it("gives a new subject version 1, held to everything that was ever released", async () => {
    test.editIndex(new RegExp(` *"${placed}.*\n`), "");
    expect(await test.release()).toEqual({ release: 2, versions: new Map([[placed, 1]]) });
    const index = JSON.parse(readFileSync(test.indexFile, "utf8"));
    expect(index.subjects[placed]).toEqual({ compatibility: "FULL_TRANSITIVE", releases: [2] });
  });

  it("holds a subject to all its versions when its rule is transitive, to the last one when it is not", async () => {
    test.edit("orders", "optional string text = 10;", "optional string text = 10;\n  optional uint64 at_ms = 11;");
    await test.release();
    test.edit("orders", "optional uint64 at_ms = 11;", "optional uint64 at_ms = 11;\n  optional uint64 by_ms = 12;");
    await test.release();
    test.edit("orders", "  optional uint64 by_ms = 12;\n", '  reserved 12;\n  reserved "by_ms";\n');
    await test.release();
    // Number 12 comes back as another type: version 4 does not know it any more, version 3 does.
    test.edit("orders", '  reserved 12;\n  reserved "by_ms";\n', "  optional string by = 12;\n");
    const whole = (await test.check()).problems.join("\n");
    expect(whole).toContain(`${reported} version 3`);
    test.editIndex(`"${reported}": { "compatibility": "FULL_TRANSITIVE"`, `"${reported}": { "compatibility": "FULL"`);
    const last = (await test.check()).problems.join("\n");
    expect(last).not.toContain(`${reported} version 3`);
    expect(last).toContain(`RESERVED_MESSAGE_NO_DELETE  `);
  });
});
