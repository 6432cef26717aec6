/** Writing an intent: the one place where a proposer's wish becomes the bytes that are judged, permitted and written. */
import { create, toBinary } from "@bufbuild/protobuf";
import { OrderIntentSchema, type QuoteRef } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import {
  modes,
  orderTypes,
  type Price,
  priceToWire,
  type Quantity,
  quantityToWire,
  type Side,
  sides,
  timesInForce,
} from "@countersign/orders";
import type { Desk } from "./desk.ts";
import { featuresOf } from "./records.ts";

/** A market order: sent as an IOC limit at the edge of its band. */
export interface Wish {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly band: { readonly low: Price; readonly high: Price };
  readonly reduceOnly: boolean;
  readonly proposer: string;
  /** On whose behalf: a strategy, where no person asked. */
  readonly principal: string;
  /** The signal or hedge decision it follows from, which leg of it, and which try. */
  readonly signalId: string;
  readonly leg: string;
  readonly attempt: number;
  /** Of the order that it is a part of: unless given it is one by itself. */
  readonly parent?: string;
  readonly confidence: number;
  readonly expectedReturn: number;
  readonly features: Readonly<Record<string, number>>;
  readonly explanation: string;
  readonly quotes: readonly QuoteRef[];
  readonly decidedAtMs: number;
}

/** H(principal, account, symbol, signal, leg, attempt): the same wish is the same intent, whoever writes it again. */
export function intentKeyOf(
  { account }: Pick<Desk, "account">,
  { principal, symbol, signalId, leg, attempt }: Pick<Wish, "principal" | "symbol" | "signalId" | "leg" | "attempt">,
): string {
  return businessKey("intent", principal, account, symbol, signalId, leg, String(attempt));
}

export function writeIntent(desk: Desk, wish: Wish): Uint8Array {
  const { account, venue, mode } = desk;
  const { principal, symbol, signalId, attempt } = wish;
  const intentKey = intentKeyOf(desk, wish);
  const intent = create(OrderIntentSchema, {
    intentKey,
    account,
    venue,
    symbol,
    side: sides.toWire(wish.side),
    quantity: quantityToWire(wish.quantity),
    type: orderTypes.toWire("MARKET"),
    bandLow: priceToWire(wish.band.low),
    bandHigh: priceToWire(wish.band.high),
    timeInForce: timesInForce.toWire("IOC"),
    reduceOnly: wish.reduceOnly,
    mode: modes.toWire(mode),
    proposer: wish.proposer,
    principal,
    parent: wish.parent ?? intentKey,
    attempt,
    signalId,
    confidence: wish.confidence,
    expectedReturn: wish.expectedReturn,
    features: featuresOf(wish.features),
    explanation: wish.explanation,
    quotes: [...wish.quotes],
    decidedAtMs: BigInt(wish.decidedAtMs),
  });
  return toBinary(OrderIntentSchema, intent);
}
