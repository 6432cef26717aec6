import type { Quote } from "./messages.ts";
import { priority, type Queue } from "./queue.ts";
import type { Working } from "./working.ts";

export interface Match {
  readonly working: Working;
  readonly size: bigint;
}

/**
 * Lets one side's orders trade against the other side of a quote, by priority, until the displayed size is used up. Takes filled
 * orders out of the queue. The price is always the quote's: it stood there first.
 */
export function match(queue: Queue, immediate: readonly Working[], at: { price: bigint; size: bigint }): Match[] {
  const once = [...immediate].sort(priority);
  const matches: Match[] = [];
  let displayed = at.size;
  let fromQueue = 0;
  let fromOnce = 0;
  // Merges the two sorted lines, and looks no further into the queue than this quote reaches.
  while (displayed > 0n) {
    const resting = queue[fromQueue];
    const passing = once[fromOnce];
    const passingFirst = passing !== undefined && (resting === undefined || priority(passing, resting) < 0);
    const working = passingFirst ? passing : resting;
    if (working === undefined || !reaches(working, at.price)) break;
    if (passingFirst) fromOnce += 1;
    else fromQueue += 1;
    const size = takes(working, at.price, displayed);
    if (size === 0n) continue;
    working.leaves -= size;
    displayed -= size;
    matches.push({ working, size });
  }
  const kept = queue.slice(0, fromQueue).filter((working) => working.leaves > 0n);
  if (kept.length < fromQueue) queue.splice(0, fromQueue, ...kept);
  return matches;
}

/** A buy stop when the ask has risen to it, a sell stop when the bid has fallen to it; a gap beyond it triggers too. */
export function isTriggered(working: Working, quote: Quote): boolean {
  if (working.stop === undefined) return false;
  return working.buys ? quote.ask >= working.stop : quote.bid <= working.stop;
}

/** An order meets no quote that its decision saw, and none before it has arrived. */
export function meets(working: Working, quote: Quote): boolean {
  return quote.timeMs >= working.meetsFromMs && quote.ref.seq > working.sawQuoteSeq;
}

function reaches(working: Working, price: bigint): boolean {
  return working.buys ? working.limit >= price : working.limit <= price;
}

function takes(working: Working, price: bigint, displayed: bigint): bigint {
  if (price < working.bandLow || price > working.bandHigh) return 0n;
  if (working.leaves <= displayed) return working.leaves;
  // Fill or kill is decided before anything is touched.
  return working.order.timeInForce === "FOK" ? 0n : displayed;
}
