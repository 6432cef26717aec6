import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../run.ts";
import { checkSchemas } from "./check.ts";
import { expectedSubjects } from "./subjects.ts";
import { TestRegistry } from "./test-registry.ts";

let test: TestRegistry;
beforeEach(() => {
  test = new TestRegistry();
});
afterEach(() => test.remove());

const fill = "orders.execution.v1-countersign.v1.Fill version 1";
const command = "orders.intent.v1-countersign.v1.OrderCommand version 1";
const accepted = "orders.execution.v1-countersign.v1.OrderAccepted version 1";

describe("the schema check", () => {
  it("accepts the contracts of this repository, and compares every subject", async () => {
    const [proto, registry, expected] = [join(root, "proto"), join(root, "schema-registry"), expectedSubjects()];
    const result = await checkSchemas({ proto, registry, expected, seed: test.seed });
    expect(result).toMatchObject({ problems: [], missing: [] });
    expect(result.compared).toBeGreaterThanOrEqual(expected.length);
  });

  it("finds nothing unreleased in what has just been released", async () => {
    expect(await test.check()).toMatchObject({ problems: [], missing: [], unreleased: [] });
  });

  // What is edited, and how; the rule that has to refuse it, and one subject that it has to name.
  it.each([
    [
      "a number reused with another type",
      "orders",
      "string symbol = 6;\n  optional bytes",
      "int32 symbol = 6;\n  optional bytes",
      "FIELD_SAME_TYPE",
      accepted,
    ],
    [
      "a number reused under another name",
      "orders",
      "optional string permit_id = 3",
      "optional string note = 3",
      "FIELD_SAME_NAME",
      accepted,
    ],
    [
      "a type widened, which old readers would cut off",
      "values",
      "optional uint32 scale = 2;\n  optional string",
      "optional uint64 scale = 2;\n  optional string",
      "FIELD_SAME_TYPE",
      fill,
    ],
    [
      "a field made a list",
      "orders",
      "optional string text = 10",
      "repeated string text = 10",
      "FIELD_SAME_CARDINALITY",
      "orders.execution.v1-countersign.v1.OrderReported version 1",
    ],
    [
      "a field that can no longer be unset",
      "orders",
      "optional string text = 10",
      "string text = 10",
      "FIELD_SAME_CARDINALITY",
      "orders.execution.v1-countersign.v1.OrderReported version 1",
    ],
    [
      "a field removed and nothing reserved",
      "orders",
      "  optional string permit_id = 3;\n",
      "",
      "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
      accepted,
    ],
    [
      "a field removed, its number reserved, its name not",
      "orders",
      "optional string permit_id = 3;",
      "reserved 3;",
      "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
      accepted,
    ],
    ["an enum value removed", "values", "  SIDE_SELL = 2;\n", "", "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", fill],
    [
      "enum values that change places",
      "values",
      "SIDE_BUY = 1;\n  SIDE_SELL = 2;",
      "SIDE_SELL = 1;\n  SIDE_BUY = 2;",
      "ENUM_VALUE_SAME_NAME",
      fill,
    ],
    ["a message renamed", "orders", /\bOrderAccepted\b/g, "OrderTaken", "MESSAGE_NO_DELETE", accepted],
    [
      "a field moved out of its oneof",
      "orders",
      "    CancelOrder cancel = 2;\n  }",
      "  }\n  optional CancelOrder cancel = 2;",
      "FIELD_SAME_ONEOF",
      command,
    ],
    [
      "a field moved into a oneof",
      "orders",
      "optional string reason = 3;",
      "oneof why {\n    string reason = 3;\n  }",
      "FIELD_SAME_ONEOF",
      command,
    ],
    ["a call removed", "services", /rpc Vote.*\n/, "", "RPC_NO_DELETE", "release 1"],
  ])("refuses %s", async (_, file, from, to, rule, subject) => {
    test.edit(file, from, to);
    const { problems } = await test.check();
    const refusal = problems.filter((problem) => problem.startsWith(`${rule}  `));
    expect(refusal.join("\n")).toContain(subject);
  });

  it("names every subject that a shared type is part of, and no other", async () => {
    test.edit(
      "values",
      "optional int64 units = 1;\n  optional uint32 scale = 2;\n  optional string",
      "optional string units = 1;\n  optional uint32 scale = 2;\n  optional string",
    );
    const { problems } = await test.check();
    const [refusal = ""] = problems.filter((problem) => problem.startsWith("FIELD_SAME_TYPE  "));
    expect(refusal).toContain(fill);
    expect(refusal).toContain("QuorumService.Propose-countersign.v1.ProposeRequest version 1");
    expect(refusal).not.toContain("market.quotes.v1");
  });

  it("hears it from readers as well, in the direction in which they fail", async () => {
    test.edit("orders", "optional uint32 attempt = 18", "optional uint64 attempt = 18");
    const fails = async () => (await test.check()).problems.filter((problem) => problem.startsWith("WIRE_"));
    expect(await fails()).toEqual([
      expect.stringMatching(
        /^WIRE_OLD_READS_NEW {2}countersign.v1.OrderIntent version 1: field 18, written as \d+, reads as \d+ \(seed \d+\)$/,
      ),
    ]);
    const row = '"countersign.v1.OrderIntent": { "compatibility": ';
    test.editIndex(`${row}"FULL_TRANSITIVE"`, `${row}"BACKWARD_TRANSITIVE"`);
    expect(await fails()).toEqual([]);
  });

  it.each([
    [
      "a new field",
      "orders",
      "optional string text = 10;",
      "optional string text = 10;\n  optional uint64 at_ms = 11;",
      ["orders.execution.v1-countersign.v1.OrderReported"],
    ],
    [
      "a new enum value",
      "orders",
      "TIME_IN_FORCE_GTC = 3;",
      "TIME_IN_FORCE_GTC = 3;\n  TIME_IN_FORCE_DAY = 4;",
      ["countersign.v1.OrderIntent"],
    ],
    [
      "a new case of a oneof, with its message",
      "orders",
      "CancelOrder cancel = 2;\n  }\n}",
      "CancelOrder cancel = 2;\n    HoldOrder hold = 3;\n  }\n}\n\nmessage HoldOrder {\n  optional string intent_key = 1;\n}",
      ["orders.intent.v1-countersign.v1.OrderCommand"],
    ],
    [
      "a field removed, its number and name reserved",
      "orders",
      "optional string permit_id = 3;",
      'reserved 3;\n  reserved "permit_id";',
      ["orders.execution.v1-countersign.v1.OrderAccepted"],
    ],
    ["a comment", "orders", "// FIX ExecutionReport without a trade.", "// Another word.", []],
  ])("accepts %s, and says whose next version it is", async (_, file, from, to, unreleased) => {
    test.edit(file, from, to);
    expect(await test.check()).toMatchObject({ problems: [], missing: [], unreleased });
  });
});

describe("the coverage of the catalogue", () => {
  it("names a type without a subject", async () => {
    test.editIndex(/ *"hedges.v1-.*\n/, "");
    expect((await test.check()).missing).toEqual(["hedges.v1-countersign.v1.HedgePlaced"]);
  });

  it("names a subject without a type", async () => {
    const expected = test.input.expected.filter((subject) => !subject.startsWith("hedges.v1-"));
    const { problems } = await checkSchemas({ ...test.input, expected });
    expect(problems.map((problem) => problem.slice(0, 60))).toEqual([
      "SUBJECT_ORPHANED  hedges.v1-countersign.v1.HedgePlaced: the ",
      "MESSAGE_UNCOVERED  countersign.v1.HedgePlaced: no subject ho",
    ]);
  });

  it("names a message that nothing carries", async () => {
    test.edit("values", "message Price", "message Nowhere {\n  optional string name = 1;\n}\n\nmessage Price");
    const { problems } = await test.check();
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["MESSAGE_UNCOVERED  countersign.v1.Nowhere"]);
  });
});

describe("the index", () => {
  it.each([
    ["a level that there is not", '"compatibility": "FULL_TRANSITIVE"', '"compatibility": "MOSTLY"'],
    ["a release that there is not", '"releases": [1] }', '"releases": [7] }'],
    ["releases that do not grow", '"releases": [1] }', '"releases": [1, 1] }'],
  ])("with %s is refused", async (_, from, to) => {
    test.editIndex(from, to);
    await expect(test.check()).rejects.toMatchObject({ code: "BAD_INDEX" });
  });

  it("is refused when a release was changed after it was released, or has gone", async () => {
    const released = join(test.registry, "releases", "1");
    rmSync(join(released, "countersign", "v1", "market.proto"));
    await expect(test.check()).rejects.toMatchObject({ code: "BAD_INDEX" });
    rmSync(released, { recursive: true });
    await expect(test.check()).rejects.toMatchObject({ code: "BAD_INDEX" });
  });

  it("says that contracts which do not compile do not", async () => {
    test.edit("values", "message Price {", "message Price");
    await expect(test.check()).rejects.toMatchObject({ code: "NOT_COMPILED" });
  });
});
