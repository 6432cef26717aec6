export { canvas } from "../canvas.ts";
export type { Ceiling } from "./core/config.ts";
export { ExecutionError, type ExecutionErrorCode } from "./core/error.ts";
export { type AccountFigures, accountFigures } from "./core/figures.ts";
export type { ExecutionState } from "./core/state.ts";
export type { ExecutionLine } from "./edge/edge.ts";
export type { Reconciliation } from "./edge/looked.ts";
export {
  type Execution,
  type ExecutionConfig,
  type InProcessVenue,
  makeExecution,
  type NetworkVenue,
  type ShadowVenue,
} from "./main.ts";
