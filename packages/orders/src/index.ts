export { formatFixed, fromNumber, parseFixed, parseMoney, parsePrice, parseQuantity, toNumber } from "./decimal.ts";
export { OrdersError, type OrdersErrorCode } from "./error.ts";
export { parseExact, stringifyExact } from "./exact-json.ts";
export {
  add,
  compare,
  type Fixed,
  MAX_SCALE,
  type Money,
  money,
  negate,
  type Price,
  price,
  product,
  type Quantity,
  quantity,
  rescale,
  subtract,
} from "./fixed.ts";
export {
  defaultInstrument,
  type Instrument,
  parseInstruments,
  periodsPerYear,
  roundToLot,
  roundToTick,
} from "./instrument.ts";
export { type IntentRefusal, type OrderFromIntent, orderFromIntent } from "./intent.ts";
export {
  applyOrderEvent,
  averagePrice,
  isTerminal,
  leavesQty,
  newOrderState,
  type OrderEnd,
  type OrderEvent,
  type OrderState,
  statusOf,
} from "./lifecycle.ts";
export { clientOrderId, type Order, sameOrder, signedQuantity } from "./order.ts";
export { divideRounded, type Rounding } from "./rounding.ts";
export { moneyFromWire, moneyToWire, priceFromWire, priceToWire, quantityFromWire, quantityToWire } from "./wire.ts";
export {
  type Mode,
  modes,
  type OrderStatus,
  type OrderType,
  orderStatuses,
  orderTypes,
  type Side,
  sides,
  type TimeInForce,
  timesInForce,
} from "./words.ts";
