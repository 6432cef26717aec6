/**
 * The exchange's network API: HTTP/1.1 with JSON for requests, Server-Sent Events for the user stream.
 *
 *   POST   /v1/orders                    NewOrderSingle → execution report NEW or REJECTED
 *   DELETE /v1/orders/{clOrdID}          → execution report CANCELED, or an OrderCancelReject (409)
 *   GET    /v1/orders/{clOrdID}          → all reports of the account's last order with this id, or UNKNOWN_ORDER (404)
 *   GET    /v1/orders                    → open orders
 *   GET    /v1/executions?since=&limit=  → trades after this execID, a page of them
 *   GET    /v1/account                   → open orders, positions and cash, all of one moment
 *   GET    /v1/stream                    → the user stream
 *   GET    /healthz                      → no key needed
 *
 * Each answer carries `timeMs`, the exchange's clock when it was made. A report is an answer, also when it says REJECTED: 4xx are
 * requests that are no order at all, each with one `{"error":{"code","text"}}`. A key that is for reading alone places and cancels nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ExchangeError, type ExchangeErrorCode } from "./error.ts";
import type { Exchange } from "./exchange.ts";
import { parseClOrdID, parseCount, parseNewOrder } from "./parse.ts";
import { openUserStream } from "./user-stream.ts";

export interface ServerOptions {
  readonly exchange: Exchange;
  /** By API key. */
  readonly accounts: ReadonlyMap<string, Credential>;
  /** Between two heartbeats of the user stream. */
  readonly heartBtIntMs: number;
  /** Something is broken: the process has to end, and to replay its record. */
  readonly onFailure: (error: unknown) => void;
}

/** What an API key is for. */
export interface Credential {
  readonly account: string;
  /** Sees what the account does, and can neither place nor cancel: for a drop copy. */
  readonly readOnly?: boolean;
}

export function makeServer(options: ServerOptions): Server {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      if (error instanceof ExchangeError) return refuse(options, response, error);
      // The client hung up in the middle of its request.
      if (request.destroyed && !request.complete) return;
      options.onFailure(error);
    });
  });
  server.requestTimeout = REQUEST_MS_MAX;
  server.headersTimeout = REQUEST_MS_MAX;
  return server;
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { exchange } = options;
  const url = new URL(request.url ?? "/", "http://exchange");
  if (url.pathname === "/healthz") return send(exchange, response, 200, { ok: true, lastExecID: exchange.lastExecID });
  const { account, readOnly } = credentialOf(options, request);
  if (readOnly && request.method !== "GET")
    throw new ExchangeError("READ_ONLY", `this key reads account ${account}, and nothing else`);
  const [, version, resource, name, ...more] = url.pathname.split("/");
  const route = `${request.method} ${version}/${resource}${name === undefined ? "" : "/{name}"}`;
  if (more.length > 0) throw noSuchRoute(request);
  switch (route) {
    case "POST v1/orders":
      return send(exchange, response, 200, { report: exchange.place(account, parseNewOrder(await readJson(request))) });
    case "DELETE v1/orders/{name}": {
      const said = exchange.cancel(account, parseClOrdID(nameIn(name)));
      if ("cxlRejReason" in said) return send(exchange, response, 409, { reject: said });
      return send(exchange, response, 200, { report: said });
    }
    case "GET v1/orders/{name}": {
      const clOrdID = parseClOrdID(nameIn(name));
      // Of the moment at which it is looked for: whoever waits for a validity window to pass believes this time.
      const timeMs = exchange.nowMs();
      const reports = await exchange.order(account, clOrdID);
      if (reports.length > 0) return send(exchange, response, 200, { timeMs, reports });
      const error = { code: "UNKNOWN_ORDER", text: `account ${account} has placed no order ${clOrdID}` };
      return send(exchange, response, 404, { timeMs, error });
    }
    case "GET v1/orders": {
      const orders = exchange.openOrders(account).map(({ reports }) => {
        const { order: _order, ...last } = reports.at(-1) ?? {};
        return last;
      });
      return send(exchange, response, 200, { orders });
    }
    case "GET v1/executions": {
      const since = parseCount("since", url.searchParams.get("since"), 0);
      const limit = Math.min(parseCount("limit", url.searchParams.get("limit"), PAGE_MAX), PAGE_MAX);
      return send(exchange, response, 200, { ...(await exchange.executions(account, since, Math.max(1, limit))) });
    }
    case "GET v1/account":
      return send(exchange, response, 200, exchange.status(account));
    case "GET v1/stream":
      return openUserStream(exchange, account, response, options.heartBtIntMs);
    default:
      throw noSuchRoute(request);
  }
}

function credentialOf({ accounts }: ServerOptions, { headers }: IncomingMessage): Credential {
  const key = headers["x-api-key"];
  const credential = typeof key === "string" ? accounts.get(key) : undefined;
  if (credential === undefined)
    throw new ExchangeError("UNAUTHORIZED", "the header X-API-Key holds no key of an account");
  return credential;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new ExchangeError("TOO_LARGE", `a request is at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new ExchangeError("BAD_REQUEST", `the body is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function nameIn(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? "");
  } catch (cause) {
    throw new ExchangeError("BAD_REQUEST", `the path is not percent-encoded: ${text}`, { cause });
  }
}

function noSuchRoute({ method, url }: IncomingMessage): ExchangeError {
  return new ExchangeError("NO_SUCH_ROUTE", `there is no ${method} ${url}`);
}

function refuse({ exchange }: ServerOptions, response: ServerResponse, { code, message }: ExchangeError): void {
  // What is left of the request is not read: the connection ends with the answer.
  if (code === "TOO_LARGE") response.setHeader("connection", "close");
  send(exchange, response, STATUS[code], { error: { code, text: message } });
}

function send(exchange: Exchange, response: ServerResponse, status: number, body: object): void {
  const json = JSON.stringify({ timeMs: exchange.nowMs(), ...body });
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
}

const STATUS: Readonly<Record<ExchangeErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  WRONG_ACCOUNT: 403,
  READ_ONLY: 403,
  NO_SUCH_ROUTE: 404,
  TOO_LARGE: 413,
  BAD_OPTION: 500,
  RECORD_DAMAGED: 500,
  RECORD_IN_USE: 500,
};

const REQUEST_MS_MAX = 10_000;
const BODY_BYTES_MAX = 16_384;
const PAGE_MAX = 500;
