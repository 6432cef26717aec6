import { create } from "@bufbuild/protobuf";
import { DecisionMadeSchema, OrderCommandSchema, QuoteSchema, SignalSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { type Agent, noView } from "./agent.ts";
import type { About, Probe, Work } from "./probe.ts";
import { canvasOf, Rig } from "./testing.ts";

/** What a host tells, as lines. */
function listening() {
  const told: string[] = [];
  let inHand: string | undefined;
  const probe: Probe = {
    begin(operation, { name, msgId }: About): Work {
      const work = `${operation} ${name}`;
      told.push(`${work} begins`);
      expect(msgId).toMatch(/^[0-9a-f-]{36}$/);
      return {
        step: (step, seconds = 0) => void told.push(`${step}${seconds >= 0 ? "" : " before it began"}`),
        refused: (code, place) => void told.push(`${work} refused ${code} ${place}`),
        run(task) {
          inHand = work;
          const result = task();
          inHand = undefined;
          return result;
        },
        end: () => void told.push(`${work} ends`),
      };
    },
    step: (step) => void told.push(`market ${step}`),
    refused: (code, place) => void told.push(`refused ${code} ${place}`),
  };
  return { told, probe, inHand: () => inHand };
}

const agent: Agent<number> = {
  canvas: canvasOf("counter", {
    observes: [
      { topic: "signals.market.v1", as: "group" },
      { topic: "orders.intent.v1", as: "group" },
      { topic: "market.quotes.v1", as: "every" },
    ],
  }),
  keyOf: () => "all",
  initial: () => 0,
  decide: (state) => ({
    state: state + 1,
    effects: [
      {
        kind: "publish",
        topic: "audit.records.v1",
        key: "counter",
        type: "decision.made",
        payload: create(DecisionMadeSchema, { decision: "counted" }),
        intent: "COUNT",
      },
      ...(state === 0 ? [{ kind: "act" as const, name: "send", data: null }] : []),
    ],
  }),
  view: { ...noView, fold: () => ({ name: "moved", data: null }) },
};

async function open() {
  const { told, probe, inHand } = listening();
  const rig = await Rig.open();
  rig.grant("counter", "decision.made audit.records.v1", "decision.refused audit.records.v1");
  rig.grant(
    "friend",
    "market.signal signals.market.v1",
    "order.intent orders.intent.v1",
    "market.quote market.quotes.v1",
  );
  const during: (string | undefined)[] = [];
  const act = () => {
    during.push(inHand());
    return [];
  };
  await rig.host(agent, { probe, edge: { act }, fold: "each" });
  return { rig, told, during };
}

const signal = {
  sender: "friend",
  topic: "signals.market.v1",
  key: "AAPL",
  type: "market.signal",
  payload: create(SignalSchema, { symbol: "AAPL" }),
};

describe("a probe", () => {
  it("is told of every step of a message, in their order, and of the act that follows", async () => {
    const { rig, told, during } = await open();
    await rig.say(signal);
    expect(told).toEqual([
      "process signals.market.v1 begins",
      ...["verify", "allowed", "decode", "age", "wait", "decide", "commit"],
      "act send begins",
      "act send ends",
      "process signals.market.v1 ends",
    ]);
    expect(during).toEqual(["act send"]);
  });

  it("is told what was refused, and where: also of what is no message at all", async () => {
    const { rig, told } = await open();
    const late = rig.sealed({
      ...signal,
      topic: "orders.intent.v1",
      key: "main",
      type: "order.intent",
      payload: create(OrderCommandSchema, { command: { case: "cancel", value: { account: "main", intentKey: "k" } } }),
    });
    await rig.run(() => {}, rig.scheduler.nowMs() + 31_000);
    await rig.deliver("orders.intent.v1", "main", late.bytes, late.body);
    expect(told).toContain("process orders.intent.v1 refused STALE pipeline");
    expect(told.slice(-4)).toEqual([
      "age",
      "seen",
      "process orders.intent.v1 refused STALE pipeline",
      "process orders.intent.v1 ends",
    ]);
    await rig.deliver("signals.market.v1", "AAPL", new Uint8Array([1, 2, 3]));
    expect(told.at(-1)).toMatch(/^refused \w+ /);
  });

  it("is told the doors of a quote, and of the work that a quote leads to", async () => {
    const { rig, told } = await open();
    const payload = create(QuoteSchema, { symbol: "AAPL" });
    await rig.say({ ...signal, topic: "market.quotes.v1", type: "market.quote", payload });
    expect(told.slice(0, 4)).toEqual([
      "market verify",
      "market allowed",
      "market decode",
      "process market.quotes.v1 begins",
    ]);
    expect(told.at(-1)).toBe("process market.quotes.v1 ends");
  });
});
