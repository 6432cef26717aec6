import { type Instrument, OrdersError, price, quantity, rescale } from "@countersign/orders";
import type { MarketMessage } from "@countersign/runtime";
import type { Quote } from "./messages.ts";

/**
 * A quote of the market in the instrument's integers. Undefined for what is no quote or of no instrument, when a price or a size is
 * missing, or when a number does not fit: such a quote trades nothing.
 */
export function toQuote(message: MarketMessage, instruments: ReadonlyMap<string, Instrument>): Quote | undefined {
  if (message.type !== "market.quote") return undefined;
  const { symbol, eventTimeMs, bidUnits, askUnits, priceScale, bidSizeUnits, askSizeUnits, quantityScale } =
    message.value;
  const instrument = instruments.get(symbol ?? "");
  if (!symbol || instrument === undefined || eventTimeMs === undefined) return undefined;
  if (bidUnits === undefined || askUnits === undefined || priceScale === undefined) return undefined;
  if (bidSizeUnits === undefined || askSizeUnits === undefined || quantityScale === undefined) return undefined;
  const { msgId, seq, digest } = message.ref;
  try {
    return {
      symbol,
      timeMs: Number(eventTimeMs),
      bid: rescale(price(bidUnits, priceScale), instrument.priceScale).units,
      ask: rescale(price(askUnits, priceScale), instrument.priceScale).units,
      bidSize: rescale(quantity(bidSizeUnits, quantityScale), instrument.quantityScale).units,
      askSize: rescale(quantity(askSizeUnits, quantityScale), instrument.quantityScale).units,
      ref: { symbol, msgId, seq, digest: Buffer.from(digest).toString("hex") },
    };
  } catch (error) {
    if (error instanceof OrdersError) return undefined;
    throw error;
  }
}
