export { canvas } from "../canvas.ts";
export type { SignalConfig } from "./config.ts";
export { SignalError, type SignalErrorCode } from "./core/error.ts";
export { makeSignal } from "./main.ts";
