/** A market event as the body of a message. */
import { create, toBinary } from "@bufbuild/protobuf";
import { BarSchema, Side, TradeSchema } from "@countersign/contracts";
import { deriveMsgId, type EnvelopeBody } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import type { BarEvent, MarketEvent, TradeEvent } from "./events.ts";
import { encodeQuote } from "./quote-bytes.ts";

const sender = "market";

/** Counts `seq` per (topic, symbol) from 1: the position in the source, so a replay of the same trace gives the same ids. */
export class BodyMaker {
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #seqs = new Map<string, bigint>();

  constructor(instruments: ReadonlyMap<string, Instrument>) {
    this.#instruments = instruments;
  }

  make(event: MarketEvent): EnvelopeBody {
    const instrument = this.#instruments.get(event.symbol);
    if (instrument === undefined) throw new Error(`no instrument for ${event.symbol}`);
    const { topic, type, intent } = kinds[event.kind];
    const { at, seq } = this.#next(event);
    const msgId = deriveMsgId({ timeMs: event.timeMs, sender, causationId: `${at} ${seq}`, effectIndex: 0 });
    return {
      msgId,
      type,
      version: "v1",
      correlationId: msgId,
      causationId: "",
      sentAtMs: BigInt(event.timeMs),
      ttlMs: 0,
      sender,
      intent,
      idempotencyKey: "",
      topic,
      key: event.symbol,
      seq,
      payload: payloadOf(event, instrument),
    };
  }

  /** Counts the event without making it. */
  skip(event: MarketEvent): void {
    this.#next(event);
  }

  #next({ kind, symbol }: MarketEvent): { readonly at: string; readonly seq: bigint } {
    const at = `${kinds[kind].topic} ${symbol}`;
    const seq = (this.#seqs.get(at) ?? 0n) + 1n;
    this.#seqs.set(at, seq);
    return { at, seq };
  }
}

const kinds = {
  quote: { topic: "market.quotes.v1", type: "market.quote", intent: "QUOTE" },
  trade: { topic: "market.trades.v1", type: "market.trade", intent: "TRADE" },
  bar: { topic: "market.bars.v1", type: "market.bar", intent: "BAR" },
} as const;

function payloadOf(event: MarketEvent, instrument: Instrument): Uint8Array {
  switch (event.kind) {
    case "quote":
      return encodeQuote(event, instrument);
    case "trade":
      return toBinary(TradeSchema, trade(event, instrument));
    case "bar":
      return toBinary(BarSchema, bar(event, instrument));
  }
}

function trade(event: TradeEvent, { priceScale, quantityScale }: Instrument) {
  return create(TradeSchema, {
    symbol: event.symbol,
    priceUnits: BigInt(event.price),
    priceScale,
    sizeUnits: BigInt(event.size),
    quantityScale,
    ...(event.side === undefined ? {} : { side: event.side === "buy" ? Side.BUY : Side.SELL }),
    eventTimeMs: BigInt(event.timeMs),
  });
}

function bar(event: BarEvent, { priceScale, quantityScale }: Instrument) {
  return create(BarSchema, {
    symbol: event.symbol,
    openTimeMs: BigInt(event.openTimeMs),
    closeTimeMs: BigInt(event.closeTimeMs),
    openUnits: BigInt(event.open),
    highUnits: BigInt(event.high),
    lowUnits: BigInt(event.low),
    closeUnits: BigInt(event.close),
    priceScale,
    volumeUnits: BigInt(event.volume),
    quantityScale,
  });
}
