import { calls, topicSpec } from "@countersign/contracts";
import { decodeJson, encodeJson } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Rig } from "../test/rig.ts";
import { config, intentOf, OPEN, quote, submitCommand, submitOf } from "../test/world.ts";
import { canvas, ExecutionError, makeExecution } from "./index.ts";

describe("the public face", () => {
  it("makes an agent and its edge, in replay and on paper alone", () => {
    expect(Object.keys(makeExecution(config))).toEqual(["agent", "edge", "reconciliation"]);
    expect(() => makeExecution({ ...config, mode: "live" })).toThrow(ExecutionError);
  });

  it("makes a line to a venue elsewhere, which is asked before anything is traded", () => {
    const venue = {
      kind: "network",
      name: "paper",
      url: "http://127.0.0.1:1",
      apiKey: () => "k",
      session: "s",
      earlierForMs: 0,
    } as const;
    const { edge, line } = makeExecution({ ...config, venue });
    expect(line?.whyNot()).toBe("the venue has not been asked yet");
    expect(edge.started()).toEqual([{ id: "s", name: "started", data: { working: [], remote: true } }]);
    const unclocked = { ...config, venue, nowMs: () => undefined };
    expect(() => makeExecution(unclocked)).toThrow(expect.objectContaining({ code: "NO_CLOCK" }));
  });

  it("asks in its canvas for topics, types and calls that exist", () => {
    for (const { topic } of canvas.observes) expect(topicSpec(topic)).toBeDefined();
    for (const { topic, types } of canvas.publishes)
      expect(topicSpec(topic)?.types.map(({ type }) => type)).toEqual(expect.arrayContaining([...types]));
    const known = calls.map(({ call }) => call);
    expect(known).toEqual(expect.arrayContaining([...canvas.calls, ...canvas.serves]));
  });

  it("concerns itself with its own account's commands", () => {
    const { agent } = makeExecution({ ...config, account: "other" });
    expect(agent.keyOf(submitCommand(submitOf(intentOf())))).toBeUndefined();
    expect(agent.keyOf({ kind: "tick" })).toBe("other");
    expect(agent.keyOf({ kind: "market", name: "", data: null })).toBeUndefined();
  });

  it("goes on from a stored state and view as if it had never stopped", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    rig.decide(submitCommand(submitOf(intentOf())));
    rig.settle();
    rig.quote(quote("AAPL", 18_970, 18_980, 40));
    const { agent } = rig.execution;
    const stored = decodeJson(encodeJson(rig.state)) as typeof rig.state;
    const view = agent.view.create();
    agent.view.fold(view, quote("AAPL", 18_970, 18_980));
    const restored = agent.view.restore(decodeJson(encodeJson(agent.view.snapshot(view))));
    const context = { nowMs: rig.nowMs, fence: OPEN, auditTrailing: 0, cause: { msgId: "m", correlationId: "c" } };
    const end = { type: "expired", clientOrderId: Object.keys(rig.state.orders)[0] ?? "" };
    const input = { kind: "edge", id: "1", name: "reports", data: { reports: [end] } } as const;
    expect(agent.decide(stored, input, { ...context, view: restored })).toEqual(
      agent.decide(rig.state, input, { ...context, view }),
    );
  });
});
