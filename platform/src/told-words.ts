/** The words of the told lines. */
import type { Signed } from "@countersign/contracts";
import { divideRounded, type Fixed, formatFixed, type Order, type Price, price } from "@countersign/orders";

/** "buy 300 AAPL". */
export function want({ side, quantity, symbol }: Order): string {
  return `${side.toLowerCase()} ${size(quantity)} ${symbol}`;
}

/** "120 AAPL @ 127.61", "−6 SPX @ 2122.85"; of an order that was filled in part, "80 of 120 AAPL @ 127.61". */
export function traded({ side, quantity, symbol, proposer }: Order, filled: bigint, average: Price): string {
  const sign = side === "SELL" ? "−" : proposer === "hedger" ? "+" : "";
  const part = filled < quantity.units ? ` of ${size(quantity)}` : "";
  return `${sign}${size({ units: filled, scale: quantity.scale })}${part} ${symbol} @ ${formatFixed(average)}`;
}

/** Σ price × quantity ÷ Σ quantity, in the price's own decimals. */
export function averagePrice(cost: Fixed, filled: Fixed, scale: number): Price {
  const shift = 10n ** BigInt(Math.max(0, scale + filled.scale - cost.scale));
  const down = 10n ** BigInt(Math.max(0, cost.scale - filled.scale - scale));
  return price(divideRounded(cost.units * shift, filled.units * down, "half-even"), scale);
}

/** Four digits of the signature: enough to tell one permit from its neighbours. */
export function shortPermit(permit: Signed | undefined): string {
  const sig = permit?.signatures[0]?.sig;
  return sig === undefined ? "—" : Buffer.from(sig).toString("hex").slice(0, 4);
}

/** "person:you" is you. */
export function nameOf(sender: string): string {
  return sender.replace(/^person:/, "");
}

/** Where an order was refused. */
export function atPlace(place: string): string {
  return place === "accept" ? "at acceptance" : place === "gate" ? "at the venue gate" : `at ${place}`;
}

/** What a halt of this level and scope stops. */
export function halted(level: number | undefined, scope: string | undefined): string {
  const what =
    ["", "no new orders", "no new orders, open ones cancelled", "no new orders, all positions closed"][level ?? 0] ??
    "";
  return scope === undefined || scope === "all" ? what : `${what} of ${scope}`;
}

/** A sentence as one column of a line: without its full stop. */
export function clause(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function size(quantity: Fixed): string {
  const decimal = formatFixed(quantity);
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
