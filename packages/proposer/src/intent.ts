/** Writing an intent: the one place where a proposer's wish becomes the bytes that are judged, permitted and written. */
import { create, toBinary } from "@bufbuild/protobuf";
import { FeatureSchema, OrderIntentSchema, type QuoteRef } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import {
  type Mode,
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

/** A market order: sent as an IOC limit at the edge of its band. */
export interface Wish {
  readonly account: string;
  readonly venue: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Quantity;
  readonly bandLow: Price;
  readonly bandHigh: Price;
  readonly reduceOnly: boolean;
  readonly mode: Mode;
  readonly proposer: string;
  /** On whose behalf: a strategy, where no person asked. */
  readonly principal: string;
  /** The signal or hedge decision it follows from, which leg of it, and which try. */
  readonly signalId: string;
  readonly leg: string;
  readonly attempt: number;
  readonly confidence: number;
  readonly expectedReturn: number;
  readonly features: Readonly<Record<string, number>>;
  readonly explanation: string;
  readonly quotes: readonly QuoteRef[];
  readonly decidedAtMs: number;
}

export function writeIntent(wish: Wish): { readonly intentKey: string; readonly bytes: Uint8Array } {
  const { principal, account, symbol, signalId, leg, attempt } = wish;
  const intentKey = businessKey("intent", principal, account, symbol, signalId, leg, String(attempt));
  const features = Object.entries(wish.features).map(([name, value]) => create(FeatureSchema, { name, value }));
  const intent = create(OrderIntentSchema, {
    intentKey,
    account,
    venue: wish.venue,
    symbol,
    side: sides.toWire(wish.side),
    quantity: quantityToWire(wish.quantity),
    type: orderTypes.toWire("MARKET"),
    bandLow: priceToWire(wish.bandLow),
    bandHigh: priceToWire(wish.bandHigh),
    timeInForce: timesInForce.toWire("IOC"),
    reduceOnly: wish.reduceOnly,
    mode: modes.toWire(wish.mode),
    proposer: wish.proposer,
    principal,
    parent: intentKey,
    attempt,
    signalId,
    confidence: wish.confidence,
    expectedReturn: wish.expectedReturn,
    features,
    explanation: wish.explanation,
    quotes: [...wish.quotes],
    decidedAtMs: BigInt(wish.decidedAtMs),
  });
  return { intentKey, bytes: toBinary(OrderIntentSchema, intent) };
}
