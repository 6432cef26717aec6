/** Prices and volatility, as Portfolio sizes by them. */
import type { Bar } from "@countersign/contracts";
import type { Instrument } from "@countersign/orders";
import { Quotes, readBar } from "@countersign/proposer";
import { EwmaVolatility, LogReturn } from "@countersign/quant";
import type { MarketMessage, ViewOf } from "@countersign/runtime";

/** Returns before a volatility is believed: the first squared return is the seed, and at 0.94 it then weighs less than a third. */
export const RETURNS_MIN = 20;

export interface Volatility {
  /** Deviation of one bar's log return. */
  readonly perBar: number;
  readonly annual: number;
  /** It was made of so many. */
  readonly returns: number;
}

interface Gauge {
  readonly logReturn: LogReturn;
  readonly ewma: EwmaVolatility;
  returns: number;
  barMs: number;
}

export class PortfolioView {
  readonly quotes: Quotes;
  readonly #gauges = new Map<string, Gauge>();

  constructor(quotes = new Quotes()) {
    this.quotes = quotes;
  }

  fold(message: MarketMessage): undefined {
    this.quotes.fold(message);
    if (message.type === "market.bar") this.#foldBar(message.value);
  }

  /** Undefined before the first return, and while nothing moves. */
  volatility(instrument: Instrument): Volatility | undefined {
    const gauge = this.#gauges.get(instrument.symbol);
    const perBar = gauge?.ewma.value;
    if (gauge === undefined || perBar === undefined) return undefined;
    const annual = perBar * Math.sqrt(barsPerYear(instrument, gauge.barMs));
    return { perBar, annual, returns: gauge.returns };
  }

  #foldBar(message: Bar): void {
    const bar = readBar(message);
    if (bar === undefined) return;
    const gauge = this.#gauges.get(bar.symbol) ?? emptyGauge();
    this.#gauges.set(bar.symbol, gauge);
    gauge.barMs = bar.closeTimeMs - bar.openTimeMs;
    gauge.logReturn.update(bar.close);
    if (gauge.logReturn.value === undefined) return;
    gauge.ewma.update(gauge.logReturn.value);
    gauge.returns++;
  }

  snapshot(): unknown {
    const gauges = [...this.#gauges].map(([symbol, { logReturn, ewma, returns, barMs }]) => {
      return { symbol, logReturn: logReturn.snapshot(), ewma: ewma.snapshot(), returns, barMs };
    });
    return { quotes: this.quotes.snapshot(), gauges };
  }

  static restore(snapshot: unknown): PortfolioView {
    const { quotes, gauges } = snapshot as Saved;
    const view = new PortfolioView(Quotes.restore(quotes));
    for (const { symbol, logReturn, ewma, returns, barMs } of gauges) {
      const gauge = { ...emptyGauge(), returns, barMs };
      gauge.logReturn.restore(logReturn);
      gauge.ewma.restore(ewma);
      view.#gauges.set(symbol, gauge);
    }
    return view;
  }
}

interface Saved {
  readonly quotes: unknown;
  readonly gauges: readonly { symbol: string; logReturn: unknown; ewma: unknown; returns: number; barMs: number }[];
}

export const portfolioView: ViewOf<PortfolioView> = {
  create: () => new PortfolioView(),
  fold: (view, message) => view.fold(message),
  snapshot: (view) => view.snapshot(),
  restore: (snapshot) => PortfolioView.restore(snapshot),
};

function emptyGauge(): Gauge {
  return { logReturn: new LogReturn(), ewma: new EwmaVolatility(), returns: 0, barMs: 0 };
}

/** Bars of a day or longer count in trading days, shorter ones in trading hours. */
function barsPerYear({ tradingDaysPerYear, tradingHoursPerDay }: Instrument, barMs: number): number {
  const dayMs = barMs >= DAY_MS ? DAY_MS : tradingHoursPerDay * HOUR_MS;
  return (tradingDaysPerYear * dayMs) / barMs;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
