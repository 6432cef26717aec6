/** The market and the venue: prices that are old, and a book that is not the venue's. */
import { type Alert, moved, of } from "../alert.ts";

const findings = of("countersign_reconciliation_findings_total");
const markAge = (symbol: string) => of("countersign_mark_age_seconds", `agent="gateway",symbol="${symbol}"`);
const working = of("countersign_working_orders", 'agent="execution"');
const quotes = of("countersign_deliveries_total", 'agent="policy",topic="market.quotes.v1"');

export const venues: readonly Alert[] = [
  {
    name: "ReconciliationFindings",
    severity: "ticket",
    owner: "risk",
    dashboard: "venues",
    expr: moved(findings, "class", "15m"),
    summary: "The venue said something else than the book: {{ $labels.class }}",
    description:
      "A look at the venue found {{ $labels.class }}. What differs in three looks closes the account, and pages as AccountClosed.",
    mitigation: "none is needed while the account is open",
    fires: {
      series: { [of("countersign_reconciliation_findings_total", 'agent="execution",class="drift"')]: "0x20 1x20" },
      at: "25m",
      labels: { class: "drift" },
    },
    quiet: {
      series: { [of("countersign_reconciliation_findings_total", 'agent="execution",class="drift"')]: "3x60" },
      at: "50m",
    },
  },
  {
    name: "ReconciliationStopped",
    severity: "page",
    owner: "risk",
    dashboard: "venues",
    expr: `max by (namespace) (${of("countersign_reconciliation_age_seconds")}) > 10`,
    for: "1m",
    summary: "Nobody has compared the book with the venue for {{ $value | humanizeDuration }}",
    description:
      "The last look at the venue is {{ $value | humanizeDuration }} old; there should be one a second. The venue does not answer, or Execution is stuck.",
    mitigation: "ask the venue; while it is away Execution is not ready and sends nothing",
    fires: {
      series: { [of("countersign_reconciliation_age_seconds", 'agent="execution"')]: "1x2 20+60x10" },
      at: "6m",
      labels: {},
    },
    quiet: {
      series: { [of("countersign_reconciliation_age_seconds", 'agent="execution"')]: "1 12 1 1 12 1 1 1 1" },
      at: "6m",
    },
  },
  {
    name: "MarksStale",
    severity: "page",
    owner: "risk",
    dashboard: "venues",
    expr: `max by (namespace, symbol) (${of("countersign_mark_age_seconds")}) > 60 and on (namespace) max by (namespace) (${of("countersign_working_orders")}) > 0`,
    for: "1m",
    summary: "Orders work on a price of {{ $labels.symbol }} that is {{ $value | humanizeDuration }} old",
    description:
      "The last mark of {{ $labels.symbol }} is {{ $value | humanizeDuration }} old while orders of the account are working.",
    mitigation: "a halt of level 2 of the symbol cancels what works",
    fires: { series: { [markAge("AAPL")]: "1x2 70+60x10", [working]: "2x20" }, at: "6m", labels: { symbol: "AAPL" } },
    quiet: { series: { [markAge("AAPL")]: "1x2 70+60x10", [working]: "0x20" }, at: "6m" },
  },
  {
    name: "MarketSilent",
    severity: "ticket",
    owner: "risk",
    dashboard: "venues",
    expr: `sum by (namespace) (rate(${of("countersign_deliveries_total", 'agent="policy",topic="market.quotes.v1"')}[10m])) == 0 unless on (namespace) max by (namespace) (${of("countersign_halts", 'scope="birth"')}) > 0`,
    for: "10m",
    summary: "Policy has had no quote for 20 minutes",
    description:
      "No record of market.quotes.v1 reached Policy, and trading is open. A closed market is silent, too: `alerts.disabled` knows names.",
    mitigation: "restart Market: it goes on behind the last quote it has published",
    fires: { series: { [quotes]: "0+10x10 100x60" }, at: "45m", labels: {} },
    quiet: { series: { [quotes]: "0+10x80" }, at: "45m" },
  },
];
