/** The serving side: one gRPC server a process, with the standard health and reflection services beside the calls. */
import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@countersign/runtime";
import { Server, type ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { formatAddress, isLoopback, parseAddress } from "./addresses.ts";
import { fromWire, toWire } from "./bytes.ts";
import { type ConnectionOptions, serverOptions } from "./channel.ts";
import { GrpcError } from "./error.ts";
import { methodOf } from "./methods.ts";
import { reflect } from "./reflection.ts";
import { detailsOf, type Status, statusOf } from "./status.ts";
import { readTrace } from "./trace.ts";

export interface CallContext {
  /** W3C trace context of the caller, when it sent a sound one. */
  readonly traceparent: string | undefined;
}

export type CallHandler = (request: Uint8Array, context: CallContext) => Promise<Uint8Array>;

export interface ServerSideOptions {
  readonly address: string;
  readonly credentials: ServerCredentials;
  readonly isSecure: boolean;
  readonly connection: ConnectionOptions;
  /** What a handler threw that was no RpcError. */
  readonly onError: (error: unknown) => void;
}

/** What the last answers need to leave when all handlers are done. Streams, such as a watch of the health, end by force. */
const FLUSH_MS = 500;

export class ServerSide {
  readonly #o: ServerSideOptions;
  readonly #server: Server;
  readonly #health = new HealthImplementation({ "": "NOT_SERVING" });
  readonly #services = new Set<string>();
  /** By call, then by server name: several agents may live in one process. */
  readonly #handlers = new Map<string, Map<string, CallHandler>>();
  readonly #running = new Set<Promise<void>>();
  #serving = false;
  #listening = false;
  #closing: Promise<void> | undefined;

  constructor(options: ServerSideOptions) {
    this.#o = options;
    this.#server = new Server(serverOptions(options.connection));
    this.#health.addToServer(this.#server);
  }

  /** Instead of what was served before under these names. @throws GrpcError UNKNOWN_CALL */
  serve(call: string, server: string, handler: CallHandler): void {
    const method = methodOf(call);
    if (method === undefined)
      throw new GrpcError("UNKNOWN_CALL", `${server} wants to serve ${call}, which no service of services.proto has`);
    const handlers = this.#handlers.get(call) ?? new Map<string, CallHandler>();
    handlers.set(server, handler);
    if (this.#handlers.has(call)) return;
    this.#handlers.set(call, handlers);
    const answer = (asked: Asked, done: Done) => this.#answer(call, handlers, asked, done);
    this.#server.register(method.path, answer, toWire, fromWire, "unary");
    if (this.#services.has(method.service)) return;
    this.#services.add(method.service);
    this.#health.setStatus(method.service, this.#status);
    if (this.#listening) reflect(this.#server, this.#services);
  }

  /** The address with the port it got. @throws GrpcError */
  async listen(): Promise<string> {
    if (this.#listening) throw new Error("broken invariant: a server listens once");
    const { credentials, isSecure } = this.#o;
    const address = parseAddress(this.#o.address);
    if (!isSecure && !isLoopback(address)) {
      const text = `${this.#o.address} can be reached from other machines: give TLS credentials, or listen on 127.0.0.1`;
      throw new GrpcError("NEEDS_TLS", text);
    }
    this.#listening = true;
    reflect(this.#server, this.#services);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.bindAsync(formatAddress(address), credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new GrpcError("CANNOT_LISTEN", `cannot listen on ${this.#o.address}: ${error.message}`, { cause: error }),
        );
    });
    return formatAddress({ ...address, port: await promise });
  }

  /** What the health service says, of the process and of each service. It begins as not serving. */
  setServing(serving: boolean): void {
    this.#serving = serving;
    for (const service of ["", ...this.#services]) this.#health.setStatus(service, this.#status);
  }

  /** Accepts nothing more; what runs has `drainMs` to finish, then connections are cut. Safe to call twice. */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.setServing(false);
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    this.#server.tryShutdown(() => resolve());
    const finished = Promise.allSettled(this.#running);
    await Promise.race([stopped, finished, sleep(drainMs, undefined, { ref: false })]);
    await Promise.race([stopped, sleep(FLUSH_MS, undefined, { ref: false })]);
    this.#server.forceShutdown();
  }

  get #status() {
    return this.#serving ? "SERVING" : "NOT_SERVING";
  }

  #answer(call: string, handlers: ReadonlyMap<string, CallHandler>, asked: Asked, done: Done): void {
    const host = asked.getHost();
    const handler = handlerFor(host, handlers);
    if (handler === undefined) {
      done({ code: status.UNIMPLEMENTED, details: detailsOf(`nobody serves ${call} as ${host} here`) });
      return;
    }
    const running = this.#run(handler, asked).then((outcome) => {
      this.#running.delete(running);
      if (outcome instanceof Uint8Array) done(null, outcome);
      else done(outcome);
    });
    this.#running.add(running);
  }

  async #run(handler: CallHandler, { request, metadata }: Asked): Promise<Uint8Array | Status> {
    try {
      return await handler(request, { traceparent: readTrace(metadata) });
    } catch (error) {
      if (error instanceof RpcError) return statusOf(error);
      this.#o.onError(error);
      return { code: status.INTERNAL, details: "a fault of the server, which is on its own record" };
    }
  }
}

type Asked = ServerUnaryCall<Uint8Array, Uint8Array>;
type Done = sendUnaryData<Uint8Array>;

/**
 * The authority names the server that is meant, so that a call which an outdated address brings to somebody else is not answered by
 * them. An address in its place (`127.0.0.1:4001`, as grpcurl sends) means whoever is there, if it is one.
 */
function handlerFor(authority: string, handlers: ReadonlyMap<string, CallHandler>): CallHandler | undefined {
  const named = handlers.get(authority);
  if (named !== undefined || !authority.includes(":")) return named;
  const [only, ...others] = handlers.values();
  return others.length === 0 ? only : undefined;
}
