/** A client of another make: gRPC and Protobuf by hand, as a tool would speak that knows nothing of this package. */
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes);
const asIs = (message: Buffer) => message;

export interface Raw {
  unary(path: string, request: Uint8Array): Promise<Buffer>;
  /** Sends all, and reads until there are as many answers. */
  stream(path: string, requests: readonly Uint8Array[]): Promise<Buffer[]>;
  /** A stream of answers to one request; stays open. */
  watch(path: string, request: Uint8Array, onAnswer: (message: Buffer) => void): void;
  close(): void;
}

export function rawClient(address: string): Raw {
  const client = new Client(address, credentials.createInsecure());
  return {
    unary(path, request) {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const deadline = Date.now() + 10_000;
      client.makeUnaryRequest(path, asBuffer, asIs, request, new Metadata(), { deadline }, (error, answer) =>
        error === null ? resolve(answer ?? Buffer.of()) : reject(error),
      );
      return promise;
    },
    async stream(path, requests) {
      const stream = client.makeBidiStreamRequest(path, asBuffer, asIs, new Metadata(), {
        deadline: Date.now() + 10_000,
      });
      for (const request of requests) stream.write(request);
      stream.end();
      return stream.toArray();
    },
    watch(path, request, onAnswer) {
      const stream = client.makeServerStreamRequest(path, asBuffer, asIs, request, new Metadata());
      stream.on("data", onAnswer).on("error", () => {});
    },
    close: () => client.close(),
  };
}

export async function statusOf(call: Promise<Buffer>): Promise<Pick<ServiceError, "code" | "details">> {
  const error: ServiceError = await call.then(
    () => Promise.reject(new Error("there was an answer")),
    (reason) => reason,
  );
  return { code: error.code, details: error.details };
}
