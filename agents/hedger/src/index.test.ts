import { readFileSync } from "node:fs";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  HedgePlacedSchema,
  HedgeQuoteRequestSchema,
  HedgeQuoteSchema,
  OrderCommandSchema,
  OrderStatus,
  Side,
} from "@countersign/contracts";
import { quote } from "@countersign/proposer/testing";
import { Stage } from "@countersign/proposer/testing-stage";
import { expect, it } from "vitest";
import type { HedgerState } from "./core/state.ts";
import { barsOf, config, pairs } from "./core/testing.ts";
import * as hedger from "./index.ts";

it("the public names", () => {
  expect(Object.keys(hedger).sort()).toEqual(["canvas", "makeHedger"]);
});

it("the README is opened by the canvas", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const { mission, observes, publishes, calls, serves, slos } = hedger.canvas;
  const topics = [...observes, ...publishes].map(({ topic }) => topic);
  for (const words of [mission, ...topics, ...calls, ...serves, ...slos.map(({ target }) => target)])
    expect(readme).toContain(words);
});

it("quotes cover, and from a sealed fill to a sealed hedge, through the real host", async () => {
  const stage = await Stage.open();
  const { rig } = stage;
  rig.grant("portfolio", "hedge.quote-request HedgerService.Quote");
  rig.grant(
    "hedger",
    "order.intent orders.intent.v1",
    "hedge.placed hedges.v1",
    "decision.made audit.records.v1",
    "policy.validate PolicyService.Validate",
    "hedge.quote HedgerService.Quote",
  );
  stage.permitAll();
  const host = await rig.host(hedger.makeHedger({ ...config, keys: rig.keys }), { store: stage.store });
  const heard = await stage.hear("orders.intent.v1", "hedges.v1", "audit.records.v1");
  const types = () => heard().map(({ body }) => body.type);

  await stage.deposit("100000.00");
  await stage.market(...barsOf(pairs(40)), quote("AAPL", 9_999n, 10_001n), quote("SPX", 199_990n, 200_010n));
  const payload = create(HedgeQuoteRequestSchema, {
    account: "main",
    symbol: "AAPL",
    side: Side.BUY,
    quantity: { units: 500n, scale: 0 },
  });
  const call = "HedgerService.Quote";
  const request = rig.sealed({ sender: "portfolio", topic: call, type: "hedge.quote-request", payload, ttlMs: 30_000 });
  const answers = [
    await rig.rpc.call(call, "hedger", request.bytes),
    await rig.rpc.call(call, "hedger", request.bytes),
  ];
  expect(answers[1]).toEqual(answers[0]);
  const answer = fromBinary(HedgeQuoteSchema, stage.open(answers[0]!).body.payload);
  expect(answer).toMatchObject({ hedgeSymbol: "SPX", side: Side.SELL });

  const fill = await stage.fill({ symbol: "AAPL", side: "BUY", quantity: 500n, price: 10_001n });
  expect(types()).toEqual(["order.intent"]);
  const { body } = heard()[0]!;
  const intentKey = body.idempotencyKey;
  expect(body).toMatchObject({ sender: "hedger", key: "main", correlationId: fill.correlationId });
  const { command } = fromBinary(OrderCommandSchema, body.payload);
  expect(command).toMatchObject({ case: "submit", value: { intent: stage.asked[0] } });

  await stage.accept(intentKey);
  await stage.accept(intentKey);
  expect(types()).toEqual(["order.intent", "hedge.placed"]);
  const placed = fromBinary(HedgePlacedSchema, heard()[1]!.body.payload);
  expect(placed).toMatchObject({ intentKey, symbol: "SPX", side: Side.SELL, trigger: "beta" });

  const units = placed.quantity?.units ?? 0n;
  await stage.fill({ symbol: "SPX", side: "SELL", quantity: units, price: 199_990n, intentKey });
  await stage.end(intentKey, OrderStatus.FILLED);
  const state = (await stage.store.load("main")).state as HedgerState;
  expect(state.account.book.positions.SPX?.quantity.units).toBe(-units);
  expect([state.proposals, stage.asked.length, ...host.refusals]).toEqual([{}, 1]);
});
