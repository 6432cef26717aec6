import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ask, type Deed, type Desk, ESCAPE, emptyDesk, press, tick } from "./desk.ts";

/** Plays keys, "tick" for a wall second; gives the deeds. */
function play(desk: Desk, inputs: readonly string[], isHalted = false): { desk: Desk; deeds: readonly Deed[] } {
  const deeds: Deed[] = [];
  for (const input of inputs) {
    const reached = input === "tick" ? tick(desk) : press(desk, input, isHalted);
    desk = reached.desk;
    if (reached.deed !== undefined) deeds.push(reached.deed);
  }
  return { desk, deeds };
}

const waiting = ask(emptyDesk, 30);
const seconds = (n: number) => Array.from({ length: n }, () => "tick");

describe("while an order waits", () => {
  it.each([
    ["a", "approve"],
    ["r", "reject"],
    ["h", "halt"],
  ])("%s is %s, and the day goes on", (key, kind) => {
    const { desk, deeds } = play(waiting, [key]);
    expect(deeds).toEqual([{ kind }]);
    expect(desk.mode).toEqual({ kind: "running" });
  });

  it("w explains and goes on waiting", () => {
    expect(play(waiting, ["tick", "w"])).toEqual({
      desk: { ...waiting, mode: { kind: "deciding", secondsLeft: 29 } },
      deeds: [{ kind: "why" }],
    });
  });

  it("nobody for thirty seconds is handed back, not refused", () => {
    expect(play(waiting, seconds(29)).deeds).toEqual([]);
    expect(play(waiting, seconds(30))).toEqual({ desk: emptyDesk, deeds: [{ kind: "let-be" }] });
  });

  it("only the first answer counts", () => {
    expect(play(waiting, ["a", "a", "r"]).deeds).toEqual([{ kind: "approve" }]);
  });

  it("other keys answer nothing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 1 }).filter((key) => !"arwhf".includes(key))),
        (keys) => {
          expect(play(waiting, keys)).toEqual({ desk: waiting, deeds: [] });
        },
      ),
    );
  });
});

describe("while the day runs", () => {
  it("an answer without a question does nothing", () => {
    expect(play(emptyDesk, ["a", "r", "w", "tick", "\r", ESCAPE])).toEqual({ desk: emptyDesk, deeds: [] });
  });

  it("f runs on, and f again does not", () => {
    expect(play(emptyDesk, ["f"]).desk.isFast).toBe(true);
    expect(play(emptyDesk, ["f", "f"]).desk.isFast).toBe(false);
  });

  it("h halts", () => {
    expect(play(emptyDesk, ["h"])).toEqual({ desk: emptyDesk, deeds: [{ kind: "halt" }] });
  });
});

describe("while trading is halted", () => {
  it("h asks for a reason and resumes with it", () => {
    const { desk, deeds } = play(emptyDesk, ["h", ..."  it wax", "\u007f", ..."s a test ", "\r"], true);
    expect(deeds).toEqual([{ kind: "resume", reason: "it was a test" }]);
    expect(desk).toEqual(emptyDesk);
  });

  it("nobody resumes without a reason", () => {
    const { desk, deeds } = play(emptyDesk, ["h", " ", "\r", "\r"], true);
    expect(deeds).toEqual([]);
    expect(desk.mode.kind).toBe("giving-reason");
  });

  it("escape leaves it halted", () => {
    expect(play(emptyDesk, ["h", "x", ESCAPE], true)).toEqual({ desk: emptyDesk, deeds: [] });
  });

  it("the letters of a reason are no answers", () => {
    expect(play(emptyDesk, ["h", ..."halt far away"], true).deeds).toEqual([]);
  });
});
