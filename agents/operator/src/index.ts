export { canvas } from "../canvas.ts";
export type { OperatorConfig, Watch } from "./core/config.ts";
export type { OperatorState } from "./core/decide.ts";
export type { Consent } from "./core/opening.ts";
export { makeOperator } from "./main.ts";
