/** What became of an order at its venue. */
import {
  type Fill,
  type HedgePlaced,
  type OrderAccepted,
  type OrderReported,
  OrderStatus,
} from "@countersign/contracts";
import { formatFixed, moneyFromWire, orderStatuses, priceFromWire, quantityFromWire } from "@countersign/orders";
import { atPlace } from "../told-words.ts";
import { type Evidence, quoteStep } from "./evidence.ts";
import { type At, fact, UNKNOWN, type WhyStep } from "./node.ts";

export function acceptedStep({ clientOrderId, venue, permitId }: OrderAccepted, at: At): WhyStep {
  const ids = [fact("client order id", clientOrderId), fact("permit", permitId)];
  return { step: "order", text: `accepted for the venue ${venue ?? UNKNOWN}; its permit is spent`, ...at, facts: ids };
}

export function hedgeStep({ trigger, explanation, exposure }: HedgePlaced, at: At): WhyStep {
  const uncovered = moneyFromWire(exposure);
  const amount = uncovered === undefined ? undefined : `${formatFixed(uncovered)} ${uncovered.currency}`;
  const text = `${trigger ?? UNKNOWN}: ${explanation ?? UNKNOWN}`;
  return { step: "hedge", text, ...at, facts: [fact("exposure", amount)] };
}

export function reportSteps(
  { status, code, place, text, cumQty, leavesQty }: OrderReported,
  at: At,
): readonly WhyStep[] {
  if (status === OrderStatus.NEW) return [];
  const said = text || code;
  const where = place === undefined ? "" : ` ${atPlace(place)}`;
  const size = (quantity: OrderReported["cumQty"]) => {
    const read = quantityFromWire(quantity);
    return read === undefined ? UNKNOWN : formatFixed(read);
  };
  const facts = [fact("filled", size(cumQty)), fact("left", size(leavesQty))];
  const word = orderStatuses.fromWire(status)?.toLowerCase().replaceAll("_", " ") ?? UNKNOWN;
  return [{ step: "order", text: `${word}${where}${said ? `: ${said}` : ""}`, ...at, facts }];
}

export function fillSteps(fill: Fill, at: At, evidence: Evidence): readonly WhyStep[] {
  const [size, paid, fee] = [
    quantityFromWire(fill.lastQty),
    priceFromWire(fill.lastPx),
    moneyFromWire(fill.commission),
  ];
  const [quantity, cost] = [
    size === undefined ? UNKNOWN : formatFixed(size),
    paid === undefined ? UNKNOWN : formatFixed(paid),
  ];
  const commission = fee === undefined ? undefined : `${formatFixed(fee)} ${fee.currency}`;
  return [
    ...(fill.quote === undefined ? [] : [quoteStep(fill.quote, evidence, ", which it traded against")]),
    {
      step: "fill",
      text: `${quantity} ${fill.symbol ?? UNKNOWN} @ ${cost}`,
      ...at,
      facts: [fact("commission", commission), fact("execution", fill.executionId), fact("fill", fill.fillId)],
    },
  ];
}
