export { canvas } from "../canvas.ts";
export type { OperatorConfig, OperatorState } from "./core/decide.ts";
export type { Consent } from "./core/opening.ts";
export { makeOperator } from "./main.ts";
