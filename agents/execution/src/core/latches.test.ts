import type { HaltResponse, OrderReported } from "@countersign/contracts";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import {
  cancelCommand,
  EPOCH,
  haltCall,
  intentOf,
  OPEN,
  quote,
  resumed,
  submitCommand,
  submitOf,
} from "../../test/world.ts";

const submit = submitCommand(submitOf(intentOf()));
const reportOf = (rig: Rig) => rig.said<OrderReported>("order.reported").at(-1);
const answerOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === "reply" ? [effect.payload as HaltResponse] : []))[0];
const working = () => {
  const rig = new Rig();
  rig.quote(quote("AAPL", 19_010, 19_020));
  rig.decide(submit);
  rig.settle();
  return rig;
};

describe("a halt asked of Execution", () => {
  it("is in the state with the answer, and stops the next order", () => {
    const rig = new Rig();
    expect(answerOf(rig.decide(haltCall("h1", 1)))).toMatchObject({ haltId: "h1", latched: true, by: "execution" });
    expect(rig.state.latches).toEqual([{ id: "h1", level: 1, scope: { kind: "all" } }]);
    rig.decide(submit);
    expect(reportOf(rig)).toMatchObject({ code: "HALTED", place: "accept" });
  });

  it("stops an order between acceptance and gate: REJECTED HALTED, place gate", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    const [send] = rig.acts.splice(0);
    rig.decide(haltCall("h1", 1));
    rig.settle();
    if (send !== undefined) rig.act(send);
    expect(reportOf(rig)).toMatchObject({ code: "HALTED", place: "gate", status: 8 });
  });

  it("holds at the gate when the quorum made it global in between", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    rig.fence = { ...OPEN, epoch: EPOCH + 1n, halts: [{ id: "q", level: 1, scope: { kind: "all" } }] };
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ place: "gate", status: 8 });
  });

  it("answers again the same, and keeps one latch", () => {
    const rig = new Rig();
    rig.decide(haltCall("h1", 1));
    expect(answerOf(rig.decide(haltCall("h1", 1)))).toMatchObject({ latched: true });
    expect(rig.state.latches).toHaveLength(1);
  });

  it.each([
    ["no id", haltCall("", 1)],
    ["no scope", haltCall("h1", 1, "everything")],
    ["no level", haltCall("h1", 4)],
  ])("is refused with %s", (_, call) => {
    const rig = new Rig();
    expect(answerOf(rig.decide(call))).toMatchObject({ latched: false, code: "BAD_HALT" });
    expect(rig.state.latches).toEqual([]);
  });

  it("stays after a restart, in the store and at the gate", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(haltCall("h1", 1));
    rig.restart("s2");
    rig.settle();
    rig.decide(submit);
    expect(reportOf(rig)).toMatchObject({ code: "HALTED", place: "accept" });
  });
});

describe("a resume", () => {
  it("that is certified releases the latches it names, and no other", () => {
    const rig = new Rig();
    for (const id of ["h1", "h2"]) rig.decide(haltCall(id, 1));
    expect(rig.setFence({ ...OPEN, epoch: EPOCH + 1n })).toEqual([]);
    expect(rig.state.latches.map(({ id }) => id)).toEqual(["h1", "h2"]);
    rig.setFence(resumed("birth", "h1"));
    expect(rig.state.latches.map(({ id }) => id)).toEqual(["h2"]);
    rig.settle();
    rig.decide(submit);
    expect(reportOf(rig)).toMatchObject({ code: "HALTED" });
  });

  it("opens trading, at the gate too", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(haltCall("h1", 1));
    rig.settle();
    rig.setFence(resumed("h1"));
    rig.decide(submit);
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: 2 });
  });

  it("that was slept through opens trading with the first input, whatever it is", () => {
    const rig = new Rig();
    rig.decide(haltCall("h1", 1));
    rig.fence = resumed("h1", "later");
    rig.restart("s2");
    expect(rig.state.latches).toEqual([]);
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submit);
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: 2 });
  });

  it("ends a halt for ever: a late copy never latches again, though nobody here ever heard of it", () => {
    const rig = new Rig();
    rig.fence = resumed("h1");
    const effects = rig.decide(haltCall("h1", 1));
    expect(effects.map(({ kind }) => kind)).toEqual(["reply"]);
    expect(answerOf(effects)).toMatchObject({ latched: false, code: "RELEASED" });
    expect(rig.state.latches).toEqual([]);
  });
});

describe("what works while a halt is in force", () => {
  it("may be cancelled", () => {
    const rig = working();
    rig.decide(haltCall("h1", 1));
    rig.decide(cancelCommand("intent-1"));
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: 6, code: "CANCELED" });
  });

  it("works on under level 1, and is cancelled under level 2, whoever halted", () => {
    const asked = working();
    asked.decide(haltCall("h1", 1));
    asked.settle();
    expect(reportOf(asked)).toMatchObject({ status: 2 });
    asked.decide(haltCall("h2", 2, "strategy:trend"));
    asked.settle();
    expect(reportOf(asked)).toMatchObject({ status: 6 });

    const global = working();
    global.setFence({ ...OPEN, halts: [{ id: "h", level: 3, scope: { kind: "symbol", id: "AAPL" } }] });
    global.settle();
    expect(reportOf(global)).toMatchObject({ status: 6 });
  });

  it("works on when the halt covers something else", () => {
    const rig = working();
    rig.decide(haltCall("h2", 2, "symbol:MSFT"));
    rig.settle();
    expect(reportOf(rig)).toMatchObject({ status: 2 });
  });
});
