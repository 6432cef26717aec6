import type { Instrument, Mode } from "@countersign/orders";
import type { AccountReading } from "@countersign/proposer";

export interface PortfolioConfig {
  readonly reading: AccountReading;
  readonly venue: string;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Annualised volatility that a full signal's position is to have, as a share of equity: 0.2. */
  readonly targetVolatility: number;
  /** A position's largest share of equity. */
  readonly weightMax: number;
  /** Changes smaller than this share of equity are not worth an order. */
  readonly noTradeBand: number;
  /** An order's price band: so many deviations of one bar's return on either side of the touch. */
  readonly bandDeviations: number;
  /** Tries for one wish, when an order ends without a fill. */
  readonly attemptsMax: number;
}
