/**
 * The paper exchange as a process, with a trace for its market:
 *
 *     node venues/paper/src/program/main.ts --dir DIR --listen 127.0.0.1:0 --instruments FILE --keys FILE < quotes.jsonl
 *
 * When it listens it says so on one line of standard output, as JSON; notes go to standard error. SIGTERM ends it; so may kill -9.
 */
import { createReadStream } from "node:fs";
import { parseArgs } from "node:util";
import { OrdersError, parseInstruments } from "@countersign/orders";
import { ExchangeError } from "./error.ts";
import { linesFeed } from "./lines-feed.ts";
import { readAccounts, readJsonFile, startExchange } from "./program.ts";

const USAGE =
  "usage: main.ts --dir DIR --listen HOST:PORT --instruments FILE --keys FILE [--quotes FILE] [--latency-ms N] [--heartbeat-ms N]";

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      ...{ dir: text, listen: text, instruments: text, keys: text, quotes: text },
      ...{ "latency-ms": { ...text, default: "0" }, "heartbeat-ms": { ...text, default: "1000" } },
    },
  });
  const { dir, listen, keys, quotes } = values;
  if (dir === undefined || listen === undefined || values.instruments === undefined || keys === undefined)
    throw new ExchangeError("BAD_OPTION", USAGE);
  const instruments = parseInstruments(readJsonFile("instruments", values.instruments));
  const exchange = await startExchange({
    dir,
    listen,
    instruments,
    accounts: readAccounts(keys),
    feed: linesFeed(quotes === undefined ? process.stdin : createReadStream(quotes), instruments),
    latencyMs: milliseconds("latency-ms", values["latency-ms"]),
    heartBtIntMs: milliseconds("heartbeat-ms", values["heartbeat-ms"]),
    note: (said) => process.stderr.write(`${said}\n`),
    onFailure: fail,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => exchange.close().then(() => process.exit(0), fail));
  process.stdout.write(`${JSON.stringify({ url: exchange.url, lastExecID: exchange.lastExecID })}\n`);
}

function milliseconds(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ExchangeError("BAD_OPTION", `${option}: ${text} is no whole number of ms`);
  return Number(text);
}

function fail(error: unknown): never {
  const isExpected = error instanceof ExchangeError || error instanceof OrdersError;
  const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  process.stderr.write(isExpected || isUsage ? `${error.message}\n` : `${(error as Error).stack}\n`);
  process.exit(isExpected || isUsage ? 2 : 1);
}

main().catch(fail);
