export { canvas } from "../canvas.ts";
export type { HedgerConfig } from "./config.ts";
export { makeHedger } from "./main.ts";
