import type { Agent } from "@countersign/runtime";
import { canvas } from "../canvas.ts";
import type { SignalConfig } from "./config.ts";
import { decide, type SignalState } from "./core/decide.ts";
import { SignalError } from "./core/error.ts";
import { type Heard, type SignalView, signalView } from "./core/view.ts";

/** One aggregate per symbol. Throws SignalError `STRATEGY_TWICE`. */
export function makeSignal(config: SignalConfig): Agent<SignalState, SignalView> {
  const ids = config.strategies.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new SignalError("STRATEGY_TWICE", `${twice} is there twice: give one another name`);
  return {
    canvas,
    keyOf: (input) => (input.kind === "market" ? (input.data as Heard).symbol : undefined),
    initial: () => ({ followed: undefined }),
    decide,
    view: signalView(config),
  };
}
