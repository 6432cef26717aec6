/** What one opening fill brought and is still held. FIFO lots stand beside the average cost; they are data for tax rows. */
export interface Lot {
  /** The fill that opened it. */
  readonly fillId: string;
  /** Positive, units of the instrument's quantity scale, for shorts too. */
  readonly quantity: bigint;
  /** What it cost, for a short what it brought: positive, units of the account's money scale. */
  readonly cost: bigint;
  readonly openedMs: number;
}

/** A lot, or part of one, that a fill closed. The rows of one fill add up to what it closed, to the unit. */
export interface Disposal {
  readonly symbol: string;
  readonly openedBy: string;
  readonly closedBy: string;
  readonly openedMs: number;
  readonly closedMs: number;
  readonly quantity: bigint;
  readonly proceeds: bigint;
  readonly basis: bigint;
}

/** The closing part of a fill: positive amounts. */
export interface Closing {
  readonly symbol: string;
  readonly fillId: string;
  readonly timeMs: number;
  readonly quantity: bigint;
  readonly notional: bigint;
  /** Whether it closes a long, by selling, or a short, by buying. */
  readonly of: "long" | "short";
}

/** Closes the oldest lots first. The lots hold at least the closing quantity. */
export function closeLots(lots: readonly Lot[], closing: Closing): { lots: readonly Lot[]; disposals: Disposal[] } {
  const disposals: Disposal[] = [];
  let closed = 0n;
  for (const [index, lot] of lots.entries()) {
    const left = closing.quantity - closed;
    if (left === 0n) return { lots: lots.slice(index), disposals };
    const quantity = lot.quantity < left ? lot.quantity : left;
    // Differences of running shares, so that the shares of all lots add up to the whole notional.
    const before = (closing.notional * closed) / closing.quantity;
    closed += quantity;
    const share = (closing.notional * closed) / closing.quantity - before;
    const cost = (lot.cost * quantity) / lot.quantity;
    disposals.push(disposal(lot, closing, quantity, share, cost));
    const rest = { ...lot, quantity: lot.quantity - quantity, cost: lot.cost - cost };
    if (rest.quantity > 0n) return { lots: [rest, ...lots.slice(index + 1)], disposals };
  }
  if (closed !== closing.quantity) throw new Error(`${closing.symbol}: the lots hold less than the position`);
  return { lots: [], disposals };
}

function disposal(lot: Lot, closing: Closing, quantity: bigint, share: bigint, cost: bigint): Disposal {
  return {
    symbol: closing.symbol,
    openedBy: lot.fillId,
    closedBy: closing.fillId,
    openedMs: lot.openedMs,
    closedMs: closing.timeMs,
    quantity,
    proceeds: closing.of === "long" ? share : cost,
    basis: closing.of === "long" ? cost : share,
  };
}
