/** The calling side: a channel and a breaker per server. */
import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@countersign/runtime";
import { type ChannelCredentials, Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { targetOf } from "./addresses.ts";
import { Breaker, type BreakerOptions, type BreakerState } from "./breaker.ts";
import { fromWire, toWire } from "./bytes.ts";
import { type ConnectionOptions, clientOptions } from "./channel.ts";
import { methodOf } from "./methods.ts";
import { rpcErrorOf } from "./status.ts";
import { writeTrace } from "./trace.ts";

export interface CallOptions {
  readonly deadlineMs: number;
  /** W3C trace context of the caller; travels beside the envelope and is part of nothing that is signed. */
  readonly traceparent?: string | undefined;
}

export interface ClientSideOptions {
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly credentials: ChannelCredentials;
  readonly connection: ConnectionOptions;
  readonly breaker: BreakerOptions;
}

export class ClientSide {
  readonly #peers = new Map<string, { readonly client: Client; readonly breaker: Breaker }>();
  readonly #running = new Map<Promise<Uint8Array>, () => void>();
  readonly #maxMessageBytes: number;
  #closed = false;

  /** Connects to nobody yet. @throws GrpcError BAD_ADDRESS */
  constructor({ servers, credentials, connection, breaker }: ClientSideOptions) {
    this.#maxMessageBytes = connection.maxMessageBytes;
    for (const [server, addresses] of Object.entries(servers)) {
      const client = new Client(targetOf(server, addresses), credentials, clientOptions(server, connection));
      this.#peers.set(server, { client, breaker: new Breaker(server, breaker) });
    }
  }

  /** @throws RpcError */
  async call(call: string, server: string, request: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const { deadlineMs } = options;
    if (!(deadlineMs > 0 && Number.isFinite(deadlineMs)))
      throw new Error(`broken invariant: ${call} at ${server} has a deadline of ${deadlineMs} ms`);
    if (this.#closed) throw new RpcError("UNAVAILABLE", `${call} at ${server}: this process is closing`);
    const [method, peer] = [methodOf(call), this.#peers.get(server)];
    if (method === undefined || peer === undefined)
      throw new RpcError("UNAVAILABLE", `nobody serves ${call} at ${server}`);
    if (request.length > this.#maxMessageBytes) {
      const text = `${call} at ${server}: a request of ${request.length} bytes; at most ${this.#maxMessageBytes} travel`;
      throw new RpcError("REFUSED", text);
    }
    return peer.breaker.run(async () => {
      const { answer, cancel } = send(peer.client, method.path, request, options);
      this.#running.set(answer, cancel);
      try {
        return await answer;
      } catch (error) {
        throw rpcErrorOf(call, server, error as ServiceError);
      } finally {
        this.#running.delete(answer);
      }
    });
  }

  breakers(): ReadonlyMap<string, BreakerState> {
    return new Map([...this.#peers].map(([server, { breaker }]) => [server, breaker.state]));
  }

  /** New calls fail from now on; running ones have `drainMs`, then they are cancelled. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    const finished = Promise.allSettled(this.#running.keys());
    await Promise.race([finished, sleep(drainMs, undefined, { ref: false })]);
    for (const cancel of this.#running.values()) cancel();
    await finished;
    for (const { client, breaker } of this.#peers.values()) {
      client.close();
      breaker.close();
    }
  }
}

/** The answer is rejected with a ServiceError. */
function send(client: Client, path: string, request: Uint8Array, { deadlineMs, traceparent }: CallOptions) {
  const metadata = new Metadata();
  writeTrace(metadata, traceparent);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const deadline = Date.now() + deadlineMs;
  const running = client.makeUnaryRequest(path, toWire, fromWire, request, metadata, { deadline }, (error, answer) => {
    if (error !== null) reject(error);
    else resolve(answer!); // grpc-js makes an error of an end without an answer
  });
  return { answer: promise, cancel: () => running.cancel() };
}
