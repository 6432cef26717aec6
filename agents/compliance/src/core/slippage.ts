/**
 * What trading cost against the price the decision saw: 10⁴ · side · (fill − mid) / mid over all fills, weighted by quantity; positive when
 * it cost us. The mid is that of the quote that the intent names for its own symbol; sums are exact, doubled to spare the half.
 */
import type { Fill, OrderAccepted, OrderReported } from "@countersign/contracts";
import {
  type OrderStatus,
  orderFromIntent,
  orderStatuses,
  priceFromWire,
  quantityFromWire,
  rescale,
  sides,
} from "@countersign/orders";
import type { SeenQuote } from "./view.ts";

export interface SlippageState {
  /** Of working orders, by client order id: bid + ask of the quote that was decided upon. */
  readonly working: Readonly<Record<string, { readonly twoMids: bigint; readonly scale: number }>>;
  /** Σ side · 2(fill − mid) · quantity, and Σ 2 mid · quantity; scale 18. */
  readonly cost: bigint;
  readonly reference: bigint;
  /** Fills of orders whose quote is not known: they are in neither sum. */
  readonly unknownFills: number;
}

export const emptySlippage: SlippageState = { working: {}, cost: 0n, reference: 0n, unknownFills: 0 };

export function openOrder(
  state: SlippageState,
  { clientOrderId, intent: bytes }: OrderAccepted,
  quotes: ReadonlyMap<string, ReadonlyMap<string, SeenQuote>>,
): SlippageState {
  if (!clientOrderId || bytes === undefined) return state;
  const wanted = orderFromIntent(bytes);
  if (!wanted.ok) return state;
  const named = wanted.intent.quotes.find(({ symbol }) => symbol === wanted.order.symbol)?.msgId;
  const quote = named === undefined ? undefined : quotes.get(wanted.order.symbol)?.get(named);
  if (quote === undefined) return state;
  const mid = { twoMids: quote.bid + quote.ask, scale: quote.scale };
  return { ...state, working: { ...state.working, [clientOrderId]: mid } };
}

export function addFill(state: SlippageState, fill: Fill): SlippageState {
  const mid = state.working[fill.clientOrderId ?? ""];
  const [px, quantity, side] = [priceFromWire(fill.lastPx), quantityFromWire(fill.lastQty), sides.fromWire(fill.side)];
  if (mid === undefined || px === undefined || quantity === undefined || side === undefined)
    return { ...state, unknownFills: state.unknownFills + 1 };
  const twoMids = rescale({ units: mid.twoMids, scale: mid.scale }, 9).units;
  const size = rescale(quantity, 9).units;
  const paid = (2n * rescale(px, 9).units - twoMids) * size;
  const sums = { cost: state.cost + (side === "BUY" ? paid : -paid), reference: state.reference + twoMids * size };
  const after = { ...state, ...sums };
  return fill.leavesQty?.units === 0n ? closeOrder(after, fill.clientOrderId) : after;
}

export function reportOrder(state: SlippageState, { clientOrderId, status }: OrderReported): SlippageState {
  const word = orderStatuses.fromWire(status);
  return word !== undefined && ends.has(word) ? closeOrder(state, clientOrderId) : state;
}

/** Basis points; undefined without a fill whose quote is known. */
export function slippageBps({ cost, reference }: SlippageState): number | undefined {
  return reference === 0n ? undefined : (Number(cost) / Number(reference)) * 1e4;
}

/** A FILLED order is closed by its last fill. */
const ends: ReadonlySet<OrderStatus> = new Set<OrderStatus>(["CANCELED", "EXPIRED", "REJECTED", "NOT_SENT"]);

function closeOrder(state: SlippageState, clientOrderId = ""): SlippageState {
  if (!(clientOrderId in state.working)) return state;
  const { [clientOrderId]: _, ...working } = state.working;
  return { ...state, working };
}
