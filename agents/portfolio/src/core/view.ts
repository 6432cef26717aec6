/** Prices and volatility, as Portfolio sizes by them. */
import type { Bar } from "@countersign/contracts";
import type { Instrument } from "@countersign/orders";
import { Quotes } from "@countersign/proposer";
import { EwmaVolatility, LogReturn } from "@countersign/quant";
import type { MarketMessage, ViewOf } from "@countersign/runtime";

/** Returns before a volatility is believed: the first squared return is the seed, and at 0.94 a quarter of it is left after these. */
const RETURNS_MIN = 20;

interface Gauge {
  readonly logReturn: LogReturn;
  readonly volatility: EwmaVolatility;
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

  /** Deviation of one bar's log return, and annualised; undefined while too little was seen (P10). */
  volatility(instrument: Instrument): { readonly perBar: number; readonly annual: number } | undefined {
    const gauge = this.#gauges.get(instrument.symbol);
    const perBar = gauge?.volatility.value;
    if (gauge === undefined || perBar === undefined || gauge.returns < RETURNS_MIN) return undefined;
    return { perBar, annual: perBar * Math.sqrt(periodsPerYear(instrument, gauge.barMs)) };
  }

  #foldBar({ symbol, closeUnits, priceScale, openTimeMs, closeTimeMs }: Bar): void {
    if (!symbol || closeUnits === undefined || priceScale === undefined) return;
    if (openTimeMs === undefined || closeTimeMs === undefined) return;
    const gauge = this.#gauges.get(symbol) ?? {
      logReturn: new LogReturn(),
      volatility: new EwmaVolatility(),
      returns: 0,
      barMs: 0,
    };
    this.#gauges.set(symbol, gauge);
    gauge.barMs = Number(closeTimeMs - openTimeMs);
    gauge.logReturn.update(Number(closeUnits) / 10 ** priceScale);
    if (gauge.logReturn.value === undefined) return;
    gauge.volatility.update(gauge.logReturn.value);
    gauge.returns++;
  }

  snapshot(): unknown {
    const gauges = [...this.#gauges].map(([symbol, { logReturn, volatility, returns, barMs }]) => {
      return { symbol, logReturn: logReturn.snapshot(), volatility: volatility.snapshot(), returns, barMs };
    });
    return { quotes: this.quotes.snapshot(), gauges };
  }

  static restore(snapshot: unknown): PortfolioView {
    const { quotes, gauges } = snapshot as {
      quotes: unknown;
      gauges: readonly { symbol: string; logReturn: unknown; volatility: unknown; returns: number; barMs: number }[];
    };
    const view = new PortfolioView(Quotes.restore(quotes));
    for (const saved of gauges) {
      const { symbol, returns, barMs } = saved;
      const gauge = { logReturn: new LogReturn(), volatility: new EwmaVolatility(), returns, barMs };
      gauge.logReturn.restore(saved.logReturn);
      gauge.volatility.restore(saved.volatility);
      view.#gauges.set(symbol, gauge);
    }
    return view;
  }
}

export const portfolioView: ViewOf<PortfolioView> = {
  create: () => new PortfolioView(),
  fold: (view, message) => view.fold(message),
  snapshot: (view) => view.snapshot(),
  restore: (snapshot) => PortfolioView.restore(snapshot),
};

const DAY_MS = 86_400_000;

/** Bars of a day or longer count in trading days, shorter ones in trading hours. */
function periodsPerYear({ tradingDaysPerYear, tradingHoursPerDay }: Instrument, barMs: number): number {
  if (barMs >= DAY_MS) return (tradingDaysPerYear * DAY_MS) / barMs;
  return (tradingDaysPerYear * tradingHoursPerDay * 3_600_000) / barMs;
}
