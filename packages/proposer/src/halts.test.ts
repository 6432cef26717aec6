import type { HaltScope } from "@countersign/contracts";
import { expect, it } from "vitest";
import { haltOver } from "./halts.ts";
import { desk, openFence } from "./testing.ts";

const order = { symbol: "AAPL", principal: "strategy:trend@1a2b" };
const under = (scope: HaltScope) => haltOver({ ...openFence, halts: [{ id: "h", level: 1, scope }] }, desk, order)?.id;

it.each<[HaltScope, string | undefined]>([
  [{ kind: "all" }, "h"],
  [{ kind: "account", id: "main" }, "h"],
  [{ kind: "symbol", id: "AAPL" }, "h"],
  [{ kind: "venue", id: "paper" }, "h"],
  [{ kind: "strategy", id: "trend" }, "h"],
  [{ kind: "strategy", id: "breakout" }, undefined],
  [{ kind: "strategy", id: "" }, undefined],
  [{ kind: "symbol", id: "SPX" }, undefined],
  [{ kind: "account", id: "other" }, undefined],
])("a halt of %o covers an order of a strategy, whatever its version", (scope, id) => {
  expect(under(scope)).toBe(id);
});

it("nothing is halted when the fence is open", () => {
  expect(haltOver(openFence, desk, order)).toBeUndefined();
});
