/** What the demo runs with where nothing else is said. Decimals are text: they are money. */
export const defaults = {
  seed: "1",
  mode: "paper",
  account: "main",
  currency: "USD",
  moneyScale: 2,
  deposit: "100000.00",
  person: "person:you",

  /** Files of the clone. */
  trace: "markets/aapl-spx-1d.csv.gz",
  instruments: "markets/instruments.json",
  strategies: ["strategies/trend.ts", "strategies/mean-reversion.ts", "strategies/breakout.ts"],
  limitsOfDays: "limits/default.json",
  limitsWithinADay: "limits/intraday.json",
  database: ".countersign/postgres",
  runs: ".countersign/runs",

  /** AAPL lost a quarter in it, and opened 10 % down on 24 August. */
  from: "2015-06-01",
  to: "2016-06-30",
  hedge: "SPX",
  hedgeName: "the S&P 500",
  /** Before the window: enough bars for the slowest estimator, 250 of a value at risk. */
  warmUpDays: 400,

  /** A Monday. */
  simulatedDay: "2024-01-08",
  simulatedHedge: "EURUSD",

  /** Execution's own: above it a person signs, whatever the limits say. */
  ceiling: { notional: "50000.00", persons: 1 },
  portfolio: { targetVolatility: 0.05, weightMax: 0.22, noTradeBand: 0.005 },
  hedging: { band: 0.01, bandInStress: 0.005, effectivenessMin: 0.05 },
  venueLatencyMs: 5,
  intruderAfterFills: 10,

  /** At --speed 1, on a terminal. */
  demoSeconds: 60,
  answerSeconds: 30,
} as const;
