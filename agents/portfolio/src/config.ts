import type { Desk } from "@countersign/proposer";

export interface PortfolioConfig extends Desk {
  /** Annualised volatility that a full signal's position is to have, as a share of equity: 0.2. */
  readonly targetVolatility: number;
  /** A position's largest share of equity. */
  readonly weightMax: number;
  /** Changes smaller than this share of equity are not worth an order. */
  readonly noTradeBand: number;
  /** An order's price band: so many deviations of one bar's return on either side of the touch. */
  readonly bandDeviations: number;
  /** Tries for one wish, when its order traded nothing. */
  readonly attemptsMax: number;
}
