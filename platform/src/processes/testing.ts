/** For tests: what a cluster's folder may say. */
import { type ClusterSpec, FORMAT } from "./cluster.ts";

export function specOf(part: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    format: FORMAT,
    mode: "paper",
    platform: "test",
    account: "main",
    currency: "USD",
    deposit: "1000000.00",
    person: "person:ada",
    traded: ["AAPL"],
    hedge: null,
    market: { traces: [{ path: "markets/a.csv" }], speed: 1 },
    strategies: [],
    limits: "limits.json",
    settings: {
      ceiling: { notional: "50000.00", persons: 1 },
      portfolio: { targetVolatility: 0.05, weightMax: 0.22, noTradeBand: 0.005 },
      hedge: { band: 0.01, bandInStress: 0.005, effectivenessMin: 0.05 },
      venueLatencyMs: 5,
    },
    kafka: ["127.0.0.1:9092"],
    servers: { policy: ["127.0.0.1:4000"] },
    health: { policy: "127.0.0.1:9090" },
    venue: "127.0.0.1:4100",
    genesis: "AAAA",
    openings: ["AAAA"],
    ...part,
  };
}
