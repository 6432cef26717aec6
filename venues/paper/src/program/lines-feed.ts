import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { type Instrument, OrdersError, parseFixed } from "@countersign/orders";
import type { Quote } from "../messages.ts";
import type { Feed } from "./feed.ts";

/**
 * Quotes from lines of JSON, such as a trace in a file or another program's output:
 * `{"symbol":"AAPL","timeMs":…,"bid":"189.90","ask":"189.91","bidSize":"300","askSize":"200","seq":"7","msgId":"…","digest":"…"}`.
 */
export function linesFeed(input: Readable, instruments: ReadonlyMap<string, Instrument>): Feed {
  let lines: Interface | undefined;
  return {
    async start(onQuote, note) {
      lines = createInterface({ input });
      lines.on("line", (line) => {
        const quote = readQuote(line, instruments);
        if (typeof quote === "string") note(`a quote is not read: ${quote}`);
        else onQuote(quote);
      });
    },
    async close() {
      lines?.close();
    },
  };
}

/** The quote, or what is wrong with the line. */
function readQuote(line: string, instruments: ReadonlyMap<string, Instrument>): Quote | string {
  try {
    const { symbol, timeMs, seq, msgId, digest, ...texts } = JSON.parse(line);
    const instrument = instruments.get(symbol);
    if (instrument === undefined) return `${symbol} is no symbol of this exchange`;
    if (!Number.isSafeInteger(timeMs)) return "timeMs is no whole number";
    const { priceScale, quantityScale } = instrument;
    const decimal = (field: string, scale: number): bigint => parseFixed(String(texts[field]), scale).units;
    return {
      symbol,
      timeMs,
      bid: decimal("bid", priceScale),
      ask: decimal("ask", priceScale),
      bidSize: decimal("bidSize", quantityScale),
      askSize: decimal("askSize", quantityScale),
      ref: { symbol, msgId: String(msgId), seq: BigInt(seq), digest: String(digest) },
    };
  } catch (error) {
    if (error instanceof OrdersError || error instanceof SyntaxError || error instanceof TypeError)
      return error.message;
    throw error;
  }
}
