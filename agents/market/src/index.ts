export { canvas } from "../canvas.ts";
export { MarketError } from "./core/error.ts";
export type { MarketEvent } from "./core/events.ts";
export { simulateDay } from "./core/simulate.ts";
export { openTrace, type Trace, type TraceOptions } from "./edge/open-trace.ts";
export { type Release, Sealer, sealedFeed } from "./main.ts";
