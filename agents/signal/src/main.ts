import type { Agent } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { SignalConfig } from "./config.ts";
import { decide, type SignalState } from "./core/decide.ts";
import { type Heard, type SignalView, signalView } from "./core/view.ts";

/** One aggregate per symbol. */
export function makeSignal(config: SignalConfig): Agent<SignalState, SignalView> {
  return {
    canvas,
    keyOf: (input) => (input.kind === "market" ? (input.data as Heard).symbol : undefined),
    initial: () => ({ followed: undefined }),
    decide,
    view: signalView(config),
  };
}
