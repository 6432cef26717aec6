import { AuditError } from "@countersign/audit";
import { OrdersError } from "@countersign/orders";
import { InputError } from "@countersign/platform";
import { QuorumError } from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import { describeFailure, Interrupted } from "./failure.ts";

describe("a failure", () => {
  it.each([
    new InputError("NO_SUCH_FILE", "my.json: no such file"),
    new OrdersError("BAD_INSTRUMENT", "instruments: the file is no list of rows"),
    new AuditError("BAD_LINE", "line 3"),
    new QuorumError("LOG_UNREACHABLE", "the log gives no answer"),
  ])("that was expected is its one line", (error) => {
    expect(describeFailure(error)).toEqual({ line: error.message, exitCode: 1 });
  });

  it("in an option is wrong usage", () => {
    expect(describeFailure(new InputError("BAD_OPTION", "--speed x: write a number"))).toMatchObject({ exitCode: 2 });
  });

  it("of several lines becomes one", () => {
    expect(describeFailure(new InputError("BAD_STRATEGY", "my.ts: no\n    at x")).line).toBe("my.ts: no at x");
  });

  it("of the operating system is said with its cure", () => {
    const refusal = (code: string) =>
      Object.assign(new Error(`${code}: x`), { code, syscall: "write", path: "/data/a" });
    expect(describeFailure(refusal("ENOSPC"))).toEqual({
      line: "the disk that holds /data/a is full: free some space and run it again",
      exitCode: 1,
    });
    expect(describeFailure(refusal("EACCES")).line).toMatch(/^\/data\/a may not be read or written/);
    expect(describeFailure(refusal("EWEIRD")).stack).toBeDefined();
  });

  it("that nobody expected shows its stack, whatever code it has", () => {
    for (const error of [
      new Error("two heads"),
      Object.assign(new Error("two heads"), { code: "X" }),
      new TypeError("two heads"),
    ]) {
      const { line, stack, exitCode } = describeFailure(error);
      expect([line, exitCode]).toEqual([
        "broken invariant: two heads (this is a mistake of ours; the stack follows)",
        1,
      ]);
      expect(stack).toContain("failure.test.ts");
    }
    expect(describeFailure("thrown text").line).toBe("broken invariant: thrown text");
  });

  it("of patience is an exit code of its own", () => {
    expect(describeFailure(new Interrupted())).toEqual({
      line: "stopped by you: nothing of this run is kept",
      exitCode: 130,
    });
  });
});
