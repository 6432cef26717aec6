export { canvas } from "../canvas.ts";
export { GatewayError, type GatewayErrorCode } from "./core/error.ts";
export { type Metric, renderMetrics, type Sample } from "./core/metrics.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./main.ts";
