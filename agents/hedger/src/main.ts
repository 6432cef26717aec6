import type { Agent } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { HedgerConfig } from "./config.ts";
import { decide } from "./core/decide.ts";
import { type HedgerState, initialState } from "./core/state.ts";
import { type HedgerView, hedgerView } from "./core/view.ts";

export function makeHedger(config: HedgerConfig): Agent<HedgerState, HedgerView> {
  const { account } = config;
  return {
    canvas,
    keyOf: ({ kind }) => (kind === "tick" || kind === "edge" ? undefined : account),
    initial: initialState,
    decide: (state, input, context) => decide(state, input, context, config),
    view: hedgerView(config),
  };
}
