import { create } from "@bufbuild/protobuf";
import { type HaltResponse, ProposeResponseSchema } from "@countersign/contracts";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { openFence } from "../testing-world.ts";

const answerOf = (effects: readonly Effect[]) => {
  const reply = effects.find(({ kind }) => kind === "reply");
  return reply?.kind === "reply" ? (reply.payload as HaltResponse) : undefined;
};
const callOf = (effects: readonly Effect[]) => effects.find((effect) => effect.kind === "call");
const inForce = { ...openFence, epoch: 2n, halts: [{ id: "h1", level: 1, scope: { kind: "all" } as const }] };
const resumed = { ...openFence, epoch: 3n, released: ["birth", "h1"] };
const ask = { quantity: 1n };

describe("a halt that is asked of Policy", () => {
  it("is held when the answer is given, is on record, and refuses at once", () => {
    const desk = Desk.open();
    const effects = desk.halt("h1");
    expect(answerOf(effects)).toMatchObject({ haltId: "h1", latched: true, by: "policy" });
    expect(effects.map((effect) => (effect.kind === "publish" ? effect.type : effect.kind))).toEqual([
      "reply",
      "decision.made",
      "alert",
    ]);
    expect(desk.ask(ask).code).toBe("HALTED");
    expect(desk.ask(ask).rejected?.explanation).toBe("the halt h1 is latched here");
  });

  it("covers its scope alone", () => {
    const desk = Desk.open();
    desk.halt("h1", "symbol:AAPL");
    expect(desk.ask(ask).code).toBe("HALTED");
    expect(desk.ask({ key: "spx", symbol: "SPX", quantity: 1n }).type).toBe("permit.issued");
  });

  it("is held once, however often it is asked for", () => {
    const desk = Desk.open();
    desk.halt("h1");
    expect(answerOf(desk.halt("h1"))).toMatchObject({ latched: true });
    expect(desk.state.latches).toHaveLength(1);
  });

  it("outlives the control log's silence, and goes only with a resume that names it", () => {
    const desk = Desk.open();
    desk.halt("h1");
    // A new epoch that never had the halt releases nothing.
    desk.setFence({ ...openFence, epoch: 5n });
    expect(desk.ask(ask).code).toBe("HALTED");
    desk.setFence(inForce);
    expect(desk.ask(ask).code).toBe("HALTED");
    desk.setFence(resumed);
    expect(desk.ask(ask).type).toBe("permit.issued");
  });

  it("stays when another halt is released", () => {
    const desk = Desk.open();
    desk.halt("h1");
    desk.halt("h2");
    desk.setFence(inForce);
    desk.setFence(resumed);
    expect(desk.state.latches.map(({ id }) => id)).toEqual(["h2"]);
    expect(desk.ask(ask).code).toBe("HALTED");
  });

  it("goes with a resume that Policy slept through, whatever it hears first", () => {
    const desk = Desk.open();
    desk.halt("h1");
    desk.fence = resumed;
    expect(desk.ask(ask).type).toBe("permit.issued");
    expect(desk.state.latches).toEqual([]);
  });

  it("never latches again when a resume has named it, even if Policy first hears of it now", () => {
    const desk = Desk.open();
    desk.fence = resumed;
    const effects = desk.halt("h1");
    expect(effects.map(({ kind }) => kind)).toEqual(["reply"]);
    expect(answerOf(effects)).toMatchObject({ latched: false, code: "RELEASED" });
    expect(desk.ask(ask).type).toBe("permit.issued");
  });

  it("needs a form: an id, a scope, a level from 1 to 3", () => {
    for (const [id, scope, level] of [
      ["", "all", 1],
      ["h", "everything", 1],
      ["h", "all", 0],
      ["h", "all", 4],
    ] as const) {
      const desk = Desk.open();
      expect(answerOf(desk.halt(id, scope, level))).toMatchObject({ latched: false, code: "BAD_HALT" });
      expect(desk.state.latches).toEqual([]);
    }
  });
});

describe("a halt of Policy's own", () => {
  const rule = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.5", action: "halt", samples: 1 };

  it("is proposed to the quorum under the id that a resume will name", () => {
    const desk = Desk.open([rule]);
    const call = callOf(desk.ask({ quantity: 600n }).effects);
    const [latch] = desk.state.latches;
    expect(call).toMatchObject({ call: "QuorumService.Propose", to: "validator-1" });
    const value = { haltId: latch?.id, level: 1, scope: "account:main", by: "policy" };
    expect(call?.payload).toMatchObject({ content: { case: "halt", value } });
  });

  it("asks the next validator when one does not take it, and a person when none is left", () => {
    const desk = Desk.open([rule]);
    let call = callOf(desk.ask({ quantity: 600n }).effects);
    for (const to of ["validator-2", "validator-3"]) {
      call = callOf(desk.take({ kind: "no-answer", id: call?.id ?? "", code: "UNAVAILABLE" }));
      expect(call?.to).toBe(to);
    }
    const refused = create(ProposeResponseSchema, { code: "NO_QUORUM" });
    const body = desk.inputs.find(({ input }) => input.kind === "call")?.input;
    if (body?.kind !== "call") throw new Error("a call was made");
    const answer = {
      kind: "answer",
      id: call?.id ?? "",
      type: "quorum.proposed",
      body: body.body,
      payload: refused,
    } as const;
    expect(desk.take(answer)).toMatchObject([{ kind: "alert", code: "HALT_NOT_GLOBAL" }]);
    expect(desk.ask({ key: "small", quantity: 1n }).code).toBe("HALTED");
  });

  it("is over for ever when a resume has named it: the same quote does not latch it again", () => {
    const desk = Desk.open([rule]);
    desk.ask({ key: "a", quantity: 600n });
    const [latch] = desk.state.latches;
    desk.setFence({ ...resumed, released: [latch?.id ?? ""] });
    expect(desk.state.latches).toEqual([]);
    expect(callOf(desk.ask({ key: "b", quantity: 600n }).effects)).toBeUndefined();
    expect(desk.state.latches).toEqual([]);
    desk.quote("AAPL", 10_000n, 10_000n);
    expect(callOf(desk.ask({ key: "c", quantity: 600n }).effects)?.call).toBe("QuorumService.Propose");
  });

  it("comes once as long as it is in force", () => {
    const desk = Desk.open([rule]);
    for (const key of ["a", "b"]) {
      desk.quote("AAPL", 10_000n, 10_000n);
      desk.ask({ key, quantity: 600n });
    }
    expect(desk.state.latches).toHaveLength(1);
  });
});

describe("an account that Execution has closed", () => {
  const closed = { haltId: "drift-1", reason: "POSITION_DRIFT: position AAPL: 40 here, 41 at the venue" };

  it("is halted under the id that Execution names, once, and closed also to what would only reduce", () => {
    const desk = Desk.open();
    const first = { key: "first", quantity: 100n };
    desk.ask(first);
    desk.accept(first);
    desk.fill(first, 100n, 10_000n);
    const call = callOf(desk.heartbeat(desk.nowMs, "execution", closed));
    const value = { haltId: "drift-1", level: 1, scope: "account:main", by: "policy" };
    expect(call?.payload).toMatchObject({ content: { case: "halt", value } });
    expect(desk.heartbeat(desk.nowMs, "execution", closed)).toEqual([]);
    const sell = desk.ask({ key: "sell", side: "SELL", quantity: 1n, reduceOnly: true });
    expect([sell.code, sell.rejected?.explanation]).toEqual([
      "BOOK_DIFFERS",
      "Execution's book is not the venue's: POSITION_DRIFT: position AAPL: 40 here, 41 at the venue",
    ]);
  });

  it("opens with a resume that names it, and a heartbeat of before does not close it again; another drift does", () => {
    const desk = Desk.open();
    desk.heartbeat(desk.nowMs, "execution", closed);
    desk.setFence({ ...resumed, released: ["drift-1"] });
    expect(desk.heartbeat(desk.nowMs, "execution", closed)).toEqual([]);
    expect(desk.ask(ask).type).toBe("permit.issued");
    expect(callOf(desk.heartbeat(desk.nowMs, "execution", { ...closed, haltId: "drift-2" }))).toBeDefined();
  });

  it("is nobody else's to close", () => {
    const desk = Desk.open();
    expect(desk.heartbeat(desk.nowMs, "portfolio", closed)).toEqual([]);
    expect(desk.state.latches).toEqual([]);
  });
});
