import {
  Mode as PbMode,
  Side as PbSide,
  OrderStatus as PbStatus,
  TimeInForce as PbTime,
  OrderType as PbType,
} from "@countersign/contracts";

/** The closed vocabularies of an order. UNSPECIFIED and unknown numbers have no word: they are refused where they are read. */
export type Side = "BUY" | "SELL";
export type OrderType = "MARKET" | "LIMIT" | "STOP";
/** FIX TimeInForce (59): immediate or cancel, fill or kill, good till cancel. */
export type TimeInForce = "IOC" | "FOK" | "GTC";
export type Mode = "replay" | "paper" | "shadow" | "live";
/** FIX OrdStatus (39), and NOT_SENT for an order that certainly never reached its venue. */
export type OrderStatus =
  | "PENDING_NEW"
  | "NEW"
  | "PARTIALLY_FILLED"
  | "FILLED"
  | "PENDING_CANCEL"
  | "CANCELED"
  | "EXPIRED"
  | "REJECTED"
  | "NOT_SENT";

export const sides = vocabulary<Side, PbSide>({ BUY: PbSide.BUY, SELL: PbSide.SELL });
export const orderTypes = vocabulary<OrderType, PbType>({
  MARKET: PbType.MARKET,
  LIMIT: PbType.LIMIT,
  STOP: PbType.STOP,
});
export const timesInForce = vocabulary<TimeInForce, PbTime>({ IOC: PbTime.IOC, FOK: PbTime.FOK, GTC: PbTime.GTC });
export const modes = vocabulary<Mode, PbMode>({
  replay: PbMode.REPLAY,
  paper: PbMode.PAPER,
  shadow: PbMode.SHADOW,
  live: PbMode.LIVE,
});
export const orderStatuses = vocabulary<OrderStatus, PbStatus>({
  PENDING_NEW: PbStatus.PENDING_NEW,
  NEW: PbStatus.NEW,
  PARTIALLY_FILLED: PbStatus.PARTIALLY_FILLED,
  FILLED: PbStatus.FILLED,
  PENDING_CANCEL: PbStatus.PENDING_CANCEL,
  CANCELED: PbStatus.CANCELED,
  EXPIRED: PbStatus.EXPIRED,
  REJECTED: PbStatus.REJECTED,
  NOT_SENT: PbStatus.NOT_SENT,
});

/** Both directions between our words and the wire's numbers. */
export interface Vocabulary<Word extends string, Wire extends number> {
  toWire(word: Word): Wire;
  /** Undefined for unset, UNSPECIFIED and unknown numbers. */
  fromWire(wire: Wire | undefined): Word | undefined;
}

function vocabulary<Word extends string, Wire extends number>(
  table: Readonly<Record<Word, Wire>>,
): Vocabulary<Word, Wire> {
  const words = new Map((Object.keys(table) as Word[]).map((word) => [table[word], word]));
  return {
    toWire: (word) => table[word],
    fromWire: (wire) => (wire === undefined ? undefined : words.get(wire)),
  };
}
