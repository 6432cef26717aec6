import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import type { Instrument } from "@countersign/orders";
import { wallClock } from "@countersign/time";
import { ExchangeError } from "./error.ts";
import { Exchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { type Credential, makeServer } from "./server.ts";

export interface ExchangeConfig {
  /** Holds the record; made when it is not there. */
  readonly dir: string;
  /** `127.0.0.1:0` takes any free port. */
  readonly listen: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** By API key. */
  readonly accounts: ReadonlyMap<string, Credential>;
  readonly feed: Feed;
  /** From when an order is received to when it can trade. */
  readonly latencyMs: number;
  /** Between two heartbeats of the user stream; 1,000 when left out. */
  readonly heartBtIntMs?: number;
  /** For the operator's eyes. */
  readonly note: (text: string) => void;
  /** Something is broken, such as a full disk: the process has to end, and to replay its record when it starts again. */
  readonly onFailure: (error: unknown) => void;
}

export interface RunningExchange {
  /** `http://127.0.0.1:49152`. */
  readonly url: string;
  readonly lastExecID: number;
  close(): Promise<void>;
}

/** The whole exchange, in this process. Throws ExchangeError `BAD_OPTION`, `RECORD_DAMAGED`, `RECORD_IN_USE`. */
export async function startExchange(config: ExchangeConfig): Promise<RunningExchange> {
  const { feed, note, onFailure, accounts, heartBtIntMs = 1_000 } = config;
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(config.listen) ?? [];
  if (host === "") throw new ExchangeError("BAD_OPTION", `listen: ${config.listen} is not HOST:PORT`);
  const exchange = new Exchange({ ...config, nowMs: () => wallClock.nowMs() });
  const server = makeServer({ exchange, accounts, heartBtIntMs, onFailure });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(Number(port), host, resolve);
    });
  } catch (cause) {
    exchange.close();
    throw new ExchangeError("BAD_OPTION", `listen: ${config.listen}: ${(cause as Error).message}`, { cause });
  }
  await feed.start((quote) => {
    try {
      exchange.onQuote(quote);
    } catch (error) {
      onFailure(error);
    }
  }, note);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    lastExecID: exchange.lastExecID,
    async close() {
      await feed.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      exchange.close();
    },
  };
}

/**
 * `{"<API key>": "<account>", "<API key>": {"account": "<account>", "readOnly": true}}`: in a file, because command lines are read by
 * everybody. Throws ExchangeError `BAD_OPTION`.
 */
export function readAccounts(file: string): ReadonlyMap<string, Credential> {
  const json: unknown = readJsonFile("keys", file);
  const rows = typeof json === "object" && json !== null ? Object.entries(json) : [];
  const credentials = rows.map(([key, value]) => [key, credentialIn(value)] as const);
  const good = credentials.flatMap(([key, one]) => (key.length < 8 || one === undefined ? [] : [[key, one] as const]));
  if (good.length === 0 || good.length < rows.length)
    throw new ExchangeError(
      "BAD_OPTION",
      `keys: ${file} is not {"key of 8 characters or more": "account" or {"account": …, "readOnly": true}, …}`,
    );
  return new Map(good);
}

function credentialIn(value: unknown): Credential | undefined {
  if (typeof value === "string") return { account: value };
  if (typeof value !== "object" || value === null) return undefined;
  const { account, readOnly, ...more } = value as Record<string, unknown>;
  if (typeof account !== "string" || readOnly !== true || Object.keys(more).length > 0) return undefined;
  return { account, readOnly };
}

/** Throws ExchangeError `BAD_OPTION`, naming the option. */
export function readJsonFile(option: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ExchangeError("BAD_OPTION", `${option}: ${(cause as Error).message}`, { cause });
  }
}
