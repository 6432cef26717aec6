import { readFileSync } from "node:fs";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  HedgeQuoteSchema,
  OrderCommandSchema,
  OrderIntentSchema,
  OrderStatus,
  SignalSchema,
} from "@countersign/contracts";
import { bar, DAY_MS, quote } from "@countersign/proposer/testing";
import { Stage } from "@countersign/proposer/testing-stage";
import { expect, it } from "vitest";
import type { PortfolioState } from "./core/state.ts";
import { config } from "./core/testing.ts";
import * as portfolio from "./index.ts";

it("the public names", () => {
  expect(Object.keys(portfolio).sort()).toEqual(["canvas", "makePortfolio"]);
});

it("the README is opened by the canvas", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const { mission, observes, publishes, calls, slos } = portfolio.canvas;
  const topics = [...observes, ...publishes].map(({ topic }) => topic);
  for (const words of [mission, ...topics, ...calls, ...slos.map(({ target }) => target)])
    expect(readme).toContain(words);
});

it("from a sealed signal to a sealed order, through the real host, once", async () => {
  const stage = await Stage.open();
  const { rig } = stage;
  const intents = "orders.intent.v1";
  rig.grant("signal", "market.signal signals.market.v1");
  rig.grant("hedger", "hedge.quote HedgerService.Quote");
  rig.grant(
    "portfolio",
    `order.intent ${intents}`,
    "decision.made audit.records.v1",
    "policy.validate PolicyService.Validate",
    "hedge.quote-request HedgerService.Quote",
  );
  stage.permitAll();
  rig.rpc.serve("HedgerService.Quote", "hedger", async () => {
    const payload = create(HedgeQuoteSchema, { explanation: "no hedge" });
    return rig.sealed({ sender: "hedger", topic: "HedgerService.Quote", type: "hedge.quote", payload }).bytes;
  });
  const host = await rig.host(portfolio.makePortfolio({ ...config, keys: rig.keys }), { store: stage.store });
  const heard = await stage.hear(intents, "audit.records.v1");
  const stateNow = async () => (await stage.store.load("main")).state as PortfolioState;

  await stage.deposit("100000.00");
  await stage.market(...Array.from({ length: 30 }, (_, n) => bar("AAPL", n % 2 === 0 ? 10_000n : 10_100n, n)));
  await stage.market(quote("AAPL", 9_999n, 10_001n));
  const says = (direction: number) => ({
    sender: "signal",
    topic: "signals.market.v1",
    key: "AAPL",
    type: "market.signal",
    payload: signalTo(direction),
  });
  const signal = rig.sealed(says(1));
  for (let n = 0; n < 2; n++) await rig.deliver("signals.market.v1", "AAPL", signal.bytes, signal.body);

  const [order, ...others] = heard();
  expect(others).toEqual([]);
  expect(order?.body).toMatchObject({
    topic: intents,
    key: "main",
    sender: "portfolio",
    intent: "SUBMIT",
    ttlMs: 30_000,
  });
  expect(order?.body.correlationId).toBe(signal.body.correlationId);
  const { command } = fromBinary(OrderCommandSchema, order!.body.payload);
  expect(command).toMatchObject({
    case: "submit",
    value: { intent: stage.asked[0], permit: { payloadType: "permit" } },
  });
  expect(stage.asked.length).toBe(1);
  const intent = fromBinary(OrderIntentSchema, stage.asked[0]!);
  const intentKey = order?.body.idempotencyKey ?? "";
  expect(intent).toMatchObject({ intentKey, signalId: signal.body.msgId, quantity: { units: 500n } });

  await stage.accept(intentKey);
  expect((await stateNow()).proposals[intentKey]).toMatchObject({ stage: "working" });
  await stage.fill({ symbol: "AAPL", side: "BUY", quantity: 500n, price: 10_001n, intentKey });
  await stage.end(intentKey, OrderStatus.FILLED);
  expect(await stateNow()).toMatchObject({ proposals: {}, wishes: {} });
  expect((await stateNow()).account.book.positions.AAPL?.quantity.units).toBe(500n);
  expect([heard().length, ...host.refusals]).toEqual([1]);

  // The Hedger is gone: that is no cover, and no order.
  rig.rpc.serve("HedgerService.Quote", "hedger", () => Promise.resolve(new Uint8Array()));
  await rig.say(says(-1));
  expect(heard().map(({ body }) => body.type)).toEqual(["order.intent", "decision.made"]);
});

function signalTo(direction: number) {
  const opinion = {
    direction,
    confidence: 0.6,
    expectedReturn: 0.02,
    horizonMs: BigInt(DAY_MS),
    explanation: "it moves",
  };
  return create(SignalSchema, { symbol: "AAPL", strategy: "strategy:trend@1", ...opinion });
}
