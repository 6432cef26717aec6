import { create } from "@bufbuild/protobuf";
import { type HedgeQuote, type HedgeQuoteRequest, HedgeQuoteSchema } from "@countersign/contracts";
import { fromNumber, money, moneyToWire, quantityFromWire, quantityToWire, sides, toNumber } from "@countersign/orders";
import { midOf, roundTripCost, tradeTo, wholeLots } from "@countersign/proposer";
import type { HedgerConfig } from "../config.ts";
import type { HedgerView } from "./view.ts";

/** What cover for this order would be, and cost there and back. An answer without a hedge says why there is none. */
export function quoteCover(request: HedgeQuoteRequest, view: HedgerView, config: HedgerConfig): HedgeQuote {
  const { hedgeSymbol = "", instruments } = config;
  const { symbol = "" } = request;
  const instrument = instruments.get(hedgeSymbol);
  const size = quantityFromWire(request.quantity);
  const side = sides.fromWire(request.side);
  if (instrument === undefined || symbol === hedgeSymbol) return none("there is nothing to hedge it with");
  if (symbol === "" || size === undefined || side === undefined) return none("the request lacks a field");
  const spot = view.quotes.last(symbol);
  const last = view.quotes.last(hedgeSymbol);
  if (spot === undefined || last === undefined) return none("a price is missing");
  const known = view.betaOf(symbol);
  if (known === undefined || !known.isBelieved) return none("no hedge removes enough of its variance for certain");
  const { beta, effectiveness } = known;
  const exposure = beta * toNumber(size) * midOf(spot) * (side === "BUY" ? 1 : -1);
  const trade = tradeTo(wholeLots(-exposure / midOf(last), instrument), 0n, instrument);
  if (trade === undefined) return none("it is too small to hedge");
  const cost = roundTripCost(toNumber(trade.quantity), last, instrument);
  const { moneyScale, currency } = instrument;
  return create(HedgeQuoteSchema, {
    hedgeSymbol,
    side: sides.toWire(trade.side),
    quantity: quantityToWire(trade.quantity),
    beta,
    effectiveness,
    cost: moneyToWire(money(fromNumber(cost, moneyScale, "ceil").units, moneyScale, currency)),
    explanation: `beta ${beta.toFixed(2)}: covering it there and back costs ${cost.toFixed(2)} ${currency}`,
  });
}

function none(explanation: string): HedgeQuote {
  return create(HedgeQuoteSchema, { explanation });
}
