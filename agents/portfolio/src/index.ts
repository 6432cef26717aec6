export { canvas } from "../canvas.ts";
export type { PortfolioConfig } from "./config.ts";
export { makePortfolio } from "./main.ts";
