/**
 * A thin client of etcd's API v3, for one purpose: a log that must not be written twice. Rules:
 * 1. Every request has a deadline, and is refused at once by a member that has no leader.
 * 2. A read is asked again of the next member. A transaction never is: one that was not answered may have happened, and only who knows
 *    what it says can find out.
 * 3. A watch ends when anything is wrong with it; who watches reads, and watches again from there.
 */
import { setTimeout as wait } from "node:timers/promises";
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type ChannelOptions, Client, credentials, Metadata, status } from "@grpc/grpc-js";
import {
  type KeyValue,
  type RangeRequest,
  RangeRequestSchema,
  type RangeResponse,
  RangeResponseSchema,
  StatusRequestSchema,
  type StatusResponse,
  StatusResponseSchema,
  type TxnRequest,
  TxnRequestSchema,
  type TxnResponse,
  TxnResponseSchema,
  type WatchCreateRequest,
  WatchRequestSchema,
  WatchResponseSchema,
} from "../../gen/etcd_pb.ts";

/** PEM. With TLS both sides show a certificate. */
export interface EtcdTls {
  readonly ca: Uint8Array;
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface EtcdAddress {
  /** host:port of each member. */
  readonly endpoints: readonly string[];
  /** In the clear unless given. */
  readonly tls?: EtcdTls;
}

/**
 * - `UNAVAILABLE`: no answer, or no leader; whether a transaction happened is unknown
 * - `FULL`: the database has reached its quota and takes nothing more
 * - `COMPACTED`: the revision that was asked for is gone
 * - `CLOSED`: by us
 */
export type EtcdErrorCode = "UNAVAILABLE" | "FULL" | "COMPACTED" | "CLOSED";

export class EtcdError extends Error {
  readonly code: EtcdErrorCode;

  constructor(code: EtcdErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EtcdError";
    this.code = code;
  }
}

export interface WatchListener {
  /** Written since; never a part of one revision. */
  readonly onPut: (kvs: readonly KeyValue[]) => void;
  /** Nothing more comes. */
  readonly onEnd: (error: EtcdError) => void;
}

export class EtcdClient {
  readonly #members: readonly { readonly endpoint: string; readonly client: Client }[];
  #current = 0;
  #isClosed = false;

  /** Connects to nobody yet. */
  constructor({ endpoints, tls }: EtcdAddress) {
    const shown = credentialsOf(tls);
    this.#members = endpoints.map((endpoint) => ({ endpoint, client: new Client(endpoint, shown, CHANNEL) }));
  }

  /** Linearizable. @throws EtcdError */
  async range(request: RangeRequest): Promise<RangeResponse> {
    for (const until = performance.now() + READ_MS; ; await wait(BETWEEN_MS)) {
      try {
        return await this.#ask("KV/Range", RangeRequestSchema, request, RangeResponseSchema);
      } catch (error) {
        if (!(error instanceof EtcdError) || error.code !== "UNAVAILABLE" || performance.now() > until) throw error;
      }
    }
  }

  /** Once: see rule 2. @throws EtcdError */
  txn(request: TxnRequest): Promise<TxnResponse> {
    return this.#ask("KV/Txn", TxnRequestSchema, request, TxnResponseSchema);
  }

  /** What each member says of itself; undefined of one that does not answer. */
  status(): Promise<readonly (StatusResponse | undefined)[]> {
    const request = create(StatusRequestSchema);
    return Promise.all(
      this.#members.map((_, at) =>
        this.#askMember(at, "Maintenance/Status", StatusRequestSchema, request, StatusResponseSchema).catch(
          () => undefined,
        ),
      ),
    );
  }

  /** Returns how to leave. */
  watch(createRequest: WatchCreateRequest, { onPut, onEnd }: WatchListener): () => void {
    if (this.#isClosed) {
      queueMicrotask(() => onEnd(closed()));
      return () => {};
    }
    const at = this.#current;
    const { client, endpoint } = this.#members[at]!;
    const stream = client.makeBidiStreamRequest(
      path("Watch/Watch"),
      encoder(WatchRequestSchema),
      decoder(WatchResponseSchema),
      metadata(),
    );
    let isOver = false;
    const end = (code: EtcdErrorCode, why: string, cause?: unknown) => {
      if (isOver) return;
      isOver = true;
      stream.cancel();
      this.#leave(at);
      onEnd(new EtcdError(code, `the watch at ${endpoint} ended: ${why}`, { cause }));
    };
    stream.on("error", (error: Error) => end("UNAVAILABLE", error.message, error));
    stream.on("end", () => end("UNAVAILABLE", "the member closed it"));
    stream.on(
      "data",
      ({ canceled, compactRevision, cancelReason, events }: MessageShape<typeof WatchResponseSchema>) => {
        if (isOver) return;
        if (canceled) return end(compactRevision === 0n ? "UNAVAILABLE" : "COMPACTED", cancelReason || "cancelled");
        const kvs = events.flatMap(({ kv }) => kv ?? []);
        if (kvs.length > 0) onPut(kvs);
      },
    );
    stream.write(create(WatchRequestSchema, { requestUnion: { case: "createRequest", value: createRequest } }));
    return () => {
      isOver = true;
      stream.cancel();
    };
  }

  /** What is asked from now on fails; what runs goes on until its deadline. */
  close(): void {
    this.#isClosed = true;
    for (const { client } of this.#members) client.close();
  }

  async #ask<Q extends DescMessage, A extends DescMessage>(
    method: string,
    schema: Q,
    request: MessageShape<Q>,
    answer: A,
  ): Promise<MessageShape<A>> {
    const at = this.#current;
    try {
      return await this.#askMember(at, method, schema, request, answer);
    } catch (error) {
      if (error instanceof EtcdError) this.#leave(at);
      throw error;
    }
  }

  /** The next request goes to the next member. */
  #leave(at: number): void {
    if (this.#current === at) this.#current = (at + 1) % this.#members.length;
  }

  #askMember<Q extends DescMessage, A extends DescMessage>(
    at: number,
    method: string,
    schema: Q,
    request: MessageShape<Q>,
    answer: A,
  ): Promise<MessageShape<A>> {
    const { client, endpoint } = this.#members[at]!;
    if (this.#isClosed) return Promise.reject(closed());
    const { promise, resolve, reject } = Promise.withResolvers<MessageShape<A>>();
    const options = { deadline: Date.now() + ATTEMPT_MS };
    const [encode, decode] = [encoder(schema), decoder(answer)];
    client.makeUnaryRequest(path(method), encode, decode, request, metadata(), options, (error, value) => {
      if (error !== null) reject(errorOf(error, `${method} at ${endpoint}`));
      else resolve(value!); // grpc-js makes an error of an end without an answer
    });
    return promise;
  }
}

/** Of one member. It holds a request for its leader for 7 s when that has died; the next member may know better. */
const ATTEMPT_MS = 500;
/** Of a read, with all its attempts: above the 1.7 s in which three members find a new leader. */
const READ_MS = 4_000;
const BETWEEN_MS = 25;

const CHANNEL: ChannelOptions = {
  // The rules above are the one owner of retries.
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 500,
  // For the watch. etcd ends the connection of who pings more often than each 5 s, or while nothing is asked.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 0,
  "grpc.max_receive_message_length": 64 * 1024 * 1024,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
};

function credentialsOf(tls: EtcdTls | undefined) {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));
}

function closed(): EtcdError {
  return new EtcdError("CLOSED", "this client is closed");
}

function metadata(): Metadata {
  const own = new Metadata();
  own.set("hasleader", "true");
  return own;
}

function path(method: string): string {
  return `/etcdserverpb.${method}`;
}

function encoder<M extends DescMessage>(schema: M): (message: MessageShape<M>) => Buffer {
  return (message) => {
    const { buffer, byteOffset, byteLength } = toBinary(schema, message);
    return Buffer.from(buffer, byteOffset, byteLength);
  };
}

function decoder<M extends DescMessage>(schema: M): (bytes: Buffer) => MessageShape<M> {
  // What is read goes on to be compared and written as JSON: plain bytes, not Buffers.
  return ({ buffer, byteOffset, length }) => fromBinary(schema, new Uint8Array(buffer, byteOffset, length));
}

function errorOf(error: { readonly code: status; readonly details: string }, where: string): Error {
  const { code, details } = error;
  const text = `${where}: ${details}`;
  switch (code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
    case status.UNKNOWN: // a member that was stopped in the middle of it
      return new EtcdError("UNAVAILABLE", text, { cause: error });
    case status.RESOURCE_EXHAUSTED:
      return details.includes("space")
        ? new EtcdError("FULL", `${text}: compact and defragment it, and give it a larger --quota-backend-bytes`)
        : new EtcdError("UNAVAILABLE", text, { cause: error });
    case status.OUT_OF_RANGE:
      return new EtcdError("COMPACTED", text, { cause: error });
    default:
      return new Error(`broken invariant: etcd refuses ${where}: ${status[code]}: ${details}`, { cause: error });
  }
}
