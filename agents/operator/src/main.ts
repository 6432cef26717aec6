import { type Agent, noView } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { OperatorConfig } from "./core/config.ts";
import { decide, initialState, type OperatorState } from "./core/decide.ts";

/** One aggregate: the platform. */
export function makeOperator(config: OperatorConfig): Agent<OperatorState> {
  return {
    canvas,
    keyOf: ({ kind }) =>
      kind === "message" || kind === "answer" || kind === "no-answer" || kind === "tick" ? "platform" : undefined,
    initial: () => initialState,
    decide: (state, input, context) => decide(state, input, context, config),
    view: noView,
  };
}
