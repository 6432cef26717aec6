/**
 * The Rpc port between processes: gRPC, both ways, with nothing but the sealed envelopes.
 *
 * 1. What the handler gets is byte for byte what the caller gave, and the answer likewise.
 * 2. Every call has a deadline, and ends with an answer or an RpcError.
 * 3. Nothing is sent twice here: who wants to try again says so (`withRetries`), with the same bytes.
 * 4. REFUSED is the server's word. After UNAVAILABLE and DEADLINE_EXCEEDED it may have acted.
 */
import type { Rpc } from "@countersign/runtime";
import type { BreakerOptions, BreakerState } from "./breaker.ts";
import { type ConnectionOptions, connectionDefaults } from "./channel.ts";
import { type CallOptions, ClientSide } from "./client.ts";
import { type CallHandler, ServerSide } from "./server.ts";
import { credentialsOf, type TlsOptions } from "./tls.ts";

export interface GrpcRpcOptions {
  /** `host:port`; port 0 takes a free one. Without it the process only calls. Without TLS it has to be a loopback address. */
  readonly listen?: string;
  /** Where each server is: one or several `host:port`, among which the calls go round. */
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly tls?: TlsOptions;
  readonly breaker?: Partial<BreakerOptions>;
  readonly connection?: Partial<ConnectionOptions>;
  /** Gets what a handler threw that was no RpcError: a broken invariant. Unless given, it is thrown where nobody catches it, and the process ends. */
  readonly onError?: (error: unknown) => void;
}

/** Two seconds: shorter than the fence's lease of three, so that a server that is back is in use before trading stops for it. */
const breakerDefaults: BreakerOptions = { failures: 3, halfOpenAfterMs: 2_000 };

export class GrpcRpc implements Rpc {
  readonly #client: ClientSide;
  readonly #server: ServerSide | undefined;

  /** Neither connects nor listens yet. @throws GrpcError BAD_ADDRESS, BAD_CREDENTIALS */
  constructor({ listen, servers, tls, breaker, connection, onError = throwUncaught }: GrpcRpcOptions) {
    const credentials = credentialsOf(tls);
    const common = { connection: { ...connectionDefaults, ...connection } };
    const channels = { ...common, servers, credentials: credentials.channel };
    this.#client = new ClientSide({ ...channels, breaker: { ...breakerDefaults, ...breaker } });
    if (listen === undefined) return;
    const door = { address: listen, credentials: credentials.server, isSecure: tls !== undefined };
    this.#server = new ServerSide({ ...common, ...door, onError });
  }

  /** @throws RpcError; the deadline covers connecting too */
  call(call: string, server: string, request: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    return this.#client.call(call, server, request, options);
  }

  /** Before or after `listen`. @throws GrpcError UNKNOWN_CALL */
  serve(call: string, server: string, handler: CallHandler): void {
    this.#door.serve(call, server, handler);
  }

  /** Opens the door; the address with the port it got. @throws GrpcError NEEDS_TLS, CANNOT_LISTEN, BAD_ADDRESS */
  listen(): Promise<string> {
    return this.#door.listen();
  }

  /**
   * What `grpc.health.v1.Health` answers. NOT_SERVING until the agent says otherwise; calls are answered either way. Of whom nobody calls
   * nobody asks it.
   */
  setServing(serving: boolean): void {
    this.#server?.setServing(serving);
  }

  /** Of each server's circuit breaker. */
  breakers(): ReadonlyMap<string, BreakerState> {
    return this.#client.breakers();
  }

  /** Accepts nothing more; what its handlers run, with the calls that they make, has `drainMs`. */
  async closeDoor(drainMs: number): Promise<void> {
    await this.#server?.close(drainMs);
  }

  /** First the door, then the calls that its handlers may still have made: each has `drainMs`, then it is cut. */
  async close(drainMs: number): Promise<void> {
    await this.closeDoor(drainMs);
    await this.#client.close(drainMs);
  }

  get #door(): ServerSide {
    if (this.#server === undefined)
      throw new Error("broken invariant: it serves, and was given no address to listen on");
    return this.#server;
  }
}

function throwUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
