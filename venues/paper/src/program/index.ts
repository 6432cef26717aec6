export { type BusFeedOptions, busFeed } from "./bus-feed.ts";
export { ExchangeError, type ExchangeErrorCode } from "./error.ts";
export type { Feed } from "./feed.ts";
export { linesFeed } from "./lines-feed.ts";
export { type ExchangeConfig, type RunningExchange, readAccounts, startExchange } from "./program.ts";
export type { Credential } from "./server.ts";
