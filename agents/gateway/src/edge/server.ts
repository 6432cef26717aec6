import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Answer, Request } from "../core/answer.ts";
import { GatewayError } from "../core/error.ts";

export interface HttpServer {
  readonly port: number;
  /** Takes nothing new, lets the answers under way finish, and resolves when every connection is closed. */
  close(): Promise<void>;
}

/** One connection, one request: probes and scrapes come seconds apart, and nobody's idle connection outlives its answer. */
export async function startServer(
  { port, host }: { readonly port: number; readonly host: string },
  answer: (request: Request) => Answer,
): Promise<HttpServer> {
  const answering = new Set<Socket>();
  let closed: Promise<void> | undefined;
  const server = createServer(LIMITS, ({ method = "", url = "", socket }, response) => {
    if (closed !== undefined) return void socket.destroy();
    answering.add(socket);
    socket.once("close", () => answering.delete(socket));
    const { status, headers, body } = answer({ method, target: url });
    const length = Buffer.byteLength(body);
    response.writeHead(status, {
      ...headers,
      "content-length": length,
      "cache-control": "no-store",
      connection: "close",
    });
    response.end(body);
  });
  server.setTimeout(SILENT_MS_MAX);
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      closed ??= close(server, answering);
      return closed;
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    server.once("error", reject).listen(port, host, resolve);
    await promise;
  } catch (cause) {
    throw translate(cause, `${host}:${port}`);
  }
  server.off("error", reject);
}

/** Node's own `close` cuts off an answer that is written and not yet sent, so those are waited for first. */
async function close(server: Server, answering: ReadonlySet<Socket>): Promise<void> {
  const sent = [...answering].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await Promise.race([Promise.all(sent), setTimeout(CLOSE_MS_MAX, undefined, { ref: false })]);
  const closed = new Promise<unknown>((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function translate(cause: unknown, where: string): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") return new GatewayError("PORT_TAKEN", `${where}: somebody listens there`, { cause });
  if (code === "EACCES") return new GatewayError("PORT_FORBIDDEN", `${where}: may not be listened on`, { cause });
  if (code === "ERR_SOCKET_BAD_PORT") return new GatewayError("BAD_PORT", `${where}: no such port`, { cause });
  return cause;
}

/** Who connects and does not ask, or asks too slowly or too much, is let go. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
};
/** Nor does an answer that nobody takes stay for ever. */
const SILENT_MS_MAX = 5_000;
/** To send what is written: for whoever reads more slowly, nothing waits. */
const CLOSE_MS_MAX = 1_000;
