import { fromBinary } from "@bufbuild/protobuf";
import { type OrderIntent, OrderIntentSchema } from "@countersign/contracts";
import { compare } from "./fixed.ts";
import { clientOrderId, type Order } from "./order.ts";
import { priceFromWire, quantityFromWire } from "./wire.ts";
import { modes, orderTypes, sides, timesInForce } from "./words.ts";

/**
 * - `MALFORMED`: the bytes are no OrderIntent
 * - `MISSING`: a field is unset, empty, UNSPECIFIED or of an unknown value; the text names it
 * - `NOT_POSITIVE`: a quantity or price is zero or less
 * - `BAND`: the band is empty, or the limit or stop price lies outside it
 * - `UNEXPECTED`: a price that this type does not have, or a time in force that it cannot have
 */
export type IntentRefusal = "MALFORMED" | "MISSING" | "NOT_POSITIVE" | "BAND" | "UNEXPECTED";

export type OrderFromIntent =
  | { readonly ok: true; readonly order: Order; readonly intent: OrderIntent }
  | { readonly ok: false; readonly code: IntentRefusal; readonly text: string };

/**
 * Makes an order from the intent's bytes, as the proposer wrote them. Pure, and the only way to an order: whoever judges,
 * permits, checks or writes one makes it here, from the same bytes. Never throws.
 */
export function orderFromIntent(bytes: Uint8Array): OrderFromIntent {
  const intent = decode(bytes);
  if (intent === undefined) return refuse("MALFORMED", "the bytes are no OrderIntent");
  const fields = readFields(intent);
  if (typeof fields === "string") return refuse("MISSING", `${fields} is missing or unknown`);
  const { type, stopPrice, bandLow, bandHigh } = fields;
  for (const name of ["quantity", "limitPrice", "stopPrice", "bandLow", "bandHigh"] as const) {
    const value = fields[name];
    if (value !== undefined && value.units <= 0n) return refuse("NOT_POSITIVE", `${name} is not positive`);
  }
  if (compare(bandLow, bandHigh) > 0) return refuse("BAND", "bandLow is above bandHigh");

  if ((type === "LIMIT") !== (fields.limitPrice !== undefined)) {
    if (type === "LIMIT") return refuse("MISSING", "limitPrice is missing or unknown");
    return refuse("UNEXPECTED", `a ${type} order has no limitPrice: its limit is the edge of its band`);
  }
  if ((type === "STOP") !== (stopPrice !== undefined)) {
    if (type === "STOP") return refuse("MISSING", "stopPrice is missing or unknown");
    return refuse("UNEXPECTED", `a ${type} order has no stopPrice`);
  }
  if (type === "MARKET" && fields.timeInForce !== "IOC") return refuse("UNEXPECTED", "a MARKET order is IOC");
  if (type === "STOP" && fields.timeInForce !== "GTC")
    return refuse("UNEXPECTED", "a STOP order is GTC: it rests until it is triggered");

  const limitPrice = fields.limitPrice ?? (fields.side === "BUY" ? bandHigh : bandLow);
  for (const [name, value] of [
    ["limitPrice", limitPrice],
    ["stopPrice", stopPrice],
  ] as const)
    if (value !== undefined && (compare(value, bandLow) < 0 || compare(value, bandHigh) > 0))
      return refuse("BAND", `${name} is outside the band`);

  const order: Order = {
    ...fields,
    type: type === "STOP" ? "STOP" : "LIMIT",
    limitPrice,
    clientOrderId: clientOrderId(fields.intentKey),
  };
  return { ok: true, order, intent };
}

function decode(bytes: Uint8Array): OrderIntent | undefined {
  try {
    return fromBinary(OrderIntentSchema, bytes);
  } catch {
    return undefined;
  }
}

/** The intent in our types, or the name of the first mandatory field it does not have. */
function readFields(intent: OrderIntent) {
  const { account, venue, symbol, proposer, principal, parent, intentKey, reduceOnly } = intent;
  const side = sides.fromWire(intent.side);
  const quantity = quantityFromWire(intent.quantity);
  const type = orderTypes.fromWire(intent.type);
  const bandLow = priceFromWire(intent.bandLow);
  const bandHigh = priceFromWire(intent.bandHigh);
  const timeInForce = timesInForce.fromWire(intent.timeInForce);
  const mode = modes.fromWire(intent.mode);
  const limitPrice = priceFromWire(intent.limitPrice);
  const stopPrice = priceFromWire(intent.stopPrice);
  if (!intentKey) return "intentKey";
  if (!account) return "account";
  if (!venue) return "venue";
  if (!symbol) return "symbol";
  if (side === undefined) return "side";
  if (quantity === undefined) return "quantity";
  if (type === undefined) return "type";
  if (bandLow === undefined) return "bandLow";
  if (bandHigh === undefined) return "bandHigh";
  if (timeInForce === undefined) return "timeInForce";
  if (reduceOnly === undefined) return "reduceOnly";
  if (mode === undefined) return "mode";
  if (!proposer) return "proposer";
  if (!principal) return "principal";
  if (!parent) return "parent";
  // A price that is there but half set is not the same as a price that is not there.
  if (intent.limitPrice !== undefined && limitPrice === undefined) return "limitPrice";
  if (intent.stopPrice !== undefined && stopPrice === undefined) return "stopPrice";
  return {
    account,
    venue,
    symbol,
    side,
    quantity,
    type,
    limitPrice,
    stopPrice,
    bandLow,
    bandHigh,
    timeInForce,
    reduceOnly,
    mode,
    proposer,
    principal,
    parent,
    intentKey,
  };
}

function refuse(code: IntentRefusal, text: string): OrderFromIntent {
  return { ok: false, code, text };
}
