import type { Agent } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { PortfolioConfig } from "./config.ts";
import { decide } from "./core/decide.ts";
import { initialState, type PortfolioState } from "./core/state.ts";
import { type PortfolioView, portfolioView } from "./core/view.ts";

export function makePortfolio(config: PortfolioConfig): Agent<PortfolioState, PortfolioView> {
  const { account } = config;
  return {
    canvas,
    // Reads the halt in its context when it proposes; the news of one is no input.
    keyOf: ({ kind }) => (kind === "message" || kind === "answer" || kind === "no-answer" ? account : undefined),
    initial: initialState,
    decide: (state, input, context) => decide(state, input, context, config),
    view: portfolioView,
  };
}
