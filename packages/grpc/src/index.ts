export type { BreakerOptions, BreakerState } from "./breaker.ts";
export type { ConnectionOptions } from "./channel.ts";
export type { CallOptions } from "./client.ts";
export { GrpcError, type GrpcErrorCode } from "./error.ts";
export { GrpcRpc, type GrpcRpcOptions } from "./grpc-rpc.ts";
export { type RetryOptions, withRetries } from "./retries.ts";
export type { CallContext, CallHandler } from "./server.ts";
export type { Pem, TlsOptions } from "./tls.ts";
