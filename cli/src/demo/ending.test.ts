import type { Report, Told } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { endingLines } from "./ending.ts";
import { headIn } from "./readme.ts";

const report: Report = {
  quotes: 2184,
  warmUpQuotes: 2200,
  signals: 240,
  intents: 214,
  permits: 171,
  rejections: { byRule: { position: 30, turnover: 8 }, total: 39 },
  escalations: 5,
  approvals: { given: 0, expired: 1 },
  orders: 171,
  filledOrders: 171,
  fills: 180,
  hedges: 66,
  intruder: { tried: 14, refused: 14 },
  currency: "USD",
  deposits: "100000.00",
  equity: "98412.10",
  realised: "-1210.55",
  unrealised: "0.00",
  fees: "377.35",
  buyAndHold: -0.268,
  maxDrawdown: 0.041,
  sharpe: 0.3,
  slippageBps: 1,
  auditHead: "3f9c12ab00",
  ledgerHead: "77e01d9000",
  latencyMs: { p50: 1, p95: 2, p99: 3 },
  counts: { sealed: 1, opened: 1, refused: 0, deliveries: 1, inboxRows: 1, votes: 1, records: 1 },
  wallMs: 2000,
};
const line = (n: number, kind: Told["kind"], subject: string): Told => ({
  n,
  kind,
  subject,
  atMs: 0,
  what: "",
  because: "",
  note: "",
});
const told = [line(3, "BOUGHT", "a"), line(14, "WAITING", "b"), line(15, "EXPIRED", "b"), line(16, "REFUSED", "c")];

describe("the last lines", () => {
  it("are the money, the counts, the heads and what to try next", () => {
    expect(endingLines({ report, told, run: 4, isAsInReadme: true })).toEqual([
      "equity 98,412.10 = deposits 100,000.00 + realised −1,210.55 + unrealised 0.00 − fees 377.35    drawdown −4.1 %   buy and hold −26.8 %",
      "214 intents: 171 permitted, 38 refused, 5 asked (1 expired) · 171 orders, 171 filled, 66 of them hedges",
      "audit head 3f9c12ab… (the README shows the same one) · ledger head 77e01d90… · kept as run 4",
      "next:  ./countersign why 14     ./countersign audit verify     ./countersign demo --limits my-limits.json",
    ]);
  });

  it("say an intruder who came through, and nothing of the README where it would not be true", () => {
    const lines = endingLines({
      report: { ...report, intruder: { tried: 14, refused: 13 } },
      told: [],
      run: 4,
      isAsInReadme: false,
    });
    expect(lines).toContain("FAILED  14 attempts of the intruder, 13 refused");
    expect(lines[2]).toBe("audit head 3f9c12ab… · ledger head 77e01d90… · kept as run 4");
    expect(lines.at(-1)).toBe("next:  ./countersign audit verify     ./countersign demo --limits my-limits.json");
  });

  it("say a dash for what is not known, never zero", () => {
    const [money] = endingLines({
      report: { ...report, equity: null, buyAndHold: null, maxDrawdown: null },
      told,
      run: 1,
      isAsInReadme: false,
    });
    expect(money).toMatch(/^equity — = /);
    expect(money).toMatch(/drawdown — {3}buy and hold —$/);
  });
});

it("the head of the README is read where the demo prints it", () => {
  expect(headIn("text\naudit head 3f9c12ab… (the README shows the same one) · ledger head 77e01d90…\n")).toBe(
    "3f9c12ab",
  );
  expect(headIn("no audit head 3f9c12ab… at the beginning of a line")).toBeUndefined();
  expect(headIn("audit head 3f…")).toBeUndefined();
});
