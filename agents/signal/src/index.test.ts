import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { SignalSchema } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { bar, quote } from "@countersign/proposer/testing";
import type { MarketMessage } from "@countersign/runtime";
import { Rig } from "@countersign/runtime/testing";
import { expect, it } from "vitest";
import { opinion, script, seated } from "./core/testing.ts";
import * as signal from "./index.ts";

it("the public names", () => {
  expect(Object.keys(signal).sort()).toEqual(["SignalError", "canvas", "makeSignal"]);
});

it("the README is opened by the canvas", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const { mission, observes, publishes } = signal.canvas;
  for (const words of [mission, ...observes.map(({ topic }) => topic), ...publishes.flatMap(({ types }) => types)])
    expect(readme).toContain(words);
});

it("two strategies of one id are refused at start", () => {
  const [one] = seated(script("one", []));
  expect(() => signal.makeSignal({ symbols: ["AAPL"], strategies: [one!, one!] })).toThrow(
    expect.objectContaining({ code: "STRATEGY_TWICE" }),
  );
});

it("from a sealed bar to a sealed signal, once", async () => {
  const rig = await Rig.open();
  rig.grant("market", "market.quote market.quotes.v1", "market.bar market.bars.v1");
  rig.grant("signal", "market.signal signals.market.v1", "decision.made audit.records.v1");
  const strategies = seated(script("one", [opinion(), undefined, opinion({ confidence: 0.2 })]));
  const host = await rig.host(signal.makeSignal({ symbols: ["AAPL"], strategies }));
  const said = await rig.tap("signals.market.v1", "audit.records.v1");
  const market = ({ type, value }: MarketMessage) => {
    const topic = type === "market.quote" ? "market.quotes.v1" : "market.bars.v1";
    return rig.say({ sender: "market", topic, key: "AAPL", type, payload: value });
  };
  const evidence = await market(quote("AAPL", 9_999n, 10_001n));
  for (let n = 0; n < 3; n++) await market(bar("AAPL", 10_000n, n));

  const opened = said.map(({ value }) => openEnvelope(value, rig.keys));
  expect(opened.map((one) => one.ok && one.body.type)).toEqual(["market.signal", "decision.made"]);
  const [first] = opened;
  if (!first?.ok) throw new Error("the signal does not verify");
  expect(first.body).toMatchObject({ sender: "signal", key: "AAPL", seq: 1n, intent: "SIGNAL" });
  const payload = fromBinary(SignalSchema, first.body.payload);
  expect(payload).toMatchObject({ symbol: "AAPL", strategy: "strategy:one@1", quote: { msgId: evidence.msgId } });
  expect([...host.refusals]).toEqual([]);
});
