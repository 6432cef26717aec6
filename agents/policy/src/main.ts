import type { Agent } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { PolicyConfig } from "./core/config.ts";
import { decide, keyOf } from "./core/decide.ts";
import { initialState, type PolicyState } from "./core/state.ts";
import { type PolicyView, policyView } from "./core/view.ts";

/** The Policy of one account. Its permits are signed at the edge: `signPermits`. */
export function makePolicy(config: PolicyConfig): Agent<PolicyState, PolicyView> {
  return {
    canvas,
    keyOf: (input) => keyOf(input, config),
    initial: initialState,
    decide: (state, input, context) => decide(state, input, context, config),
    view: policyView(config.instruments, config.limits),
  };
}
