/** Halts, limits, persons: what stops trading, and what should have been stopped before. */
import { type Alert, anyOf, moved, of, WITHOUT_AUTHORITY } from "../alert.ts";

const halts = (...scopes: readonly string[]) =>
  `max by (namespace, scope) (${of("countersign_halts", anyOf("scope", scopes))}) > 0`;
const used = `max by (namespace, metric) (${of("countersign_limit_used_ratio")})`;
const verdicts = (...verdict: readonly string[]) =>
  `sum by (namespace) (increase(${of("countersign_verdicts_total", anyOf("verdict", verdict))}[30m]))`;
const orders = (outcome: string) =>
  `sum by (namespace) (increase(${of("countersign_orders_total", `outcome="${outcome}"`)}[1h]))`;
const spent = of("countersign_orders_refused_total", anyOf("code", WITHOUT_AUTHORITY));
const notShown = of("countersign_alerts_total", 'agent="policy",code="ASK_NOT_SHOWN"');

export const trading: readonly Alert[] = [
  {
    name: "TradingHalted",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr: halts("all", "account", "venue"),
    summary: "Trading is halted: {{ $labels.scope }}",
    description:
      "{{ $value }} halts of the scope {{ $labels.scope }} are in force. No new order leaves until persons resume.",
    mitigation: "`countersign resume`, by as many persons as the genesis demands, once the cause is known",
    fires: {
      series: { [of("countersign_halts", 'agent="policy",scope="all"')]: "0x2 1x10" },
      at: "5m",
      labels: { scope: "all" },
    },
    quiet: {
      series: {
        [of("countersign_halts", 'agent="policy",scope="all"')]: "0x20",
        [of("countersign_halts", 'agent="policy",scope="birth"')]: "1x20",
      },
      at: "10m",
    },
  },
  {
    name: "TradingHalted",
    severity: "ticket",
    owner: "risk",
    dashboard: "governance",
    expr: halts("strategy", "symbol"),
    summary: "A part of trading is halted: {{ $labels.scope }}",
    description: "{{ $value }} halts of the scope {{ $labels.scope }} are in force. Everything else trades.",
    mitigation: "`countersign resume <id>`, once the cause is known",
    fires: {
      series: { [of("countersign_halts", 'agent="policy",scope="symbol"')]: "0x2 2x10" },
      at: "5m",
      labels: { scope: "symbol" },
    },
    quiet: { series: { [of("countersign_halts", 'agent="policy",scope="all"')]: "1x20" }, at: "10m" },
  },
  {
    name: "TradingNotOpened",
    severity: "ticket",
    owner: "risk",
    dashboard: "governance",
    expr: halts("birth"),
    for: "30m",
    summary: "Trading was never opened",
    description:
      "The halt of birth is in force for 30 minutes: Operator waits for an agent, or for a person's signature.",
    mitigation: "what Operator says it waits for",
    fires: {
      series: { [of("countersign_halts", 'agent="operator",scope="birth"')]: "1x60" },
      at: "45m",
      labels: { scope: "birth" },
    },
    quiet: { series: { [of("countersign_halts", 'agent="operator",scope="birth"')]: "1x20 0x40" }, at: "45m" },
  },
  {
    name: "HaltNotGlobal",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr:
      `max by (namespace, agent) (${of("countersign_latches")}) > 0 unless on (namespace) ` +
      `max by (namespace) (${of("countersign_halts", 'scope!="birth"')}) > 0`,
    for: "1m",
    summary: "{{ $labels.agent }} has latched a halt that the control log does not have",
    description:
      "{{ $labels.agent }} holds {{ $value }} latches and no halt is in force: the quorum has not taken it for a minute.",
    mitigation: "halt once more, then bring the quorum back",
    fires: {
      series: {
        [of("countersign_latches", 'agent="policy"')]: "0x2 1x10",
        [of("countersign_halts", 'agent="policy",scope="all"')]: "0x20",
      },
      at: "6m",
      labels: { agent: "policy" },
    },
    quiet: {
      series: {
        [of("countersign_latches", 'agent="policy"')]: "0x2 1x10",
        [of("countersign_halts", 'agent="policy",scope="all"')]: "0x2 1x10",
      },
      at: "6m",
    },
  },
  {
    name: "AccountClosed",
    severity: "page",
    owner: "risk",
    dashboard: "venues",
    expr: `max by (namespace, code) (${of("countersign_account_closed")}) > 0`,
    summary: "Execution has closed the account: {{ $labels.code }}",
    description:
      "The account takes no order, not even one that reduces: {{ $labels.code }}. The text with both figures is in Execution's log.",
    mitigation: "explain the difference at the venue, then resume its halt",
    fires: {
      series: { [of("countersign_account_closed", 'agent="execution",code="CASH_DRIFT"')]: "_x2 1x10" },
      at: "4m",
      labels: { code: "CASH_DRIFT" },
    },
    quiet: { series: { [of("countersign_working_orders", 'agent="execution"')]: "3x20" }, at: "10m" },
  },
  {
    name: "LossNearLimit",
    severity: "ticket",
    owner: "risk",
    dashboard: "money",
    expr: `${used} > 0.6`,
    summary: "{{ $labels.metric }} has used {{ $value | humanizePercentage }} of its limit",
    description:
      "{{ $labels.metric }} stands at {{ $value | humanizePercentage }} of what the tightest rule allows. At 100 % it refuses or halts by itself.",
    mitigation: "none is needed: the limit acts by itself; decide whether to stop earlier",
    fires: {
      series: { [of("countersign_limit_used_ratio", 'agent="policy",metric="daily_loss"')]: "0.2x2 0.65x10" },
      at: "5m",
      labels: { metric: "daily_loss" },
    },
    quiet: {
      series: { [of("countersign_limit_used_ratio", 'agent="policy",metric="daily_loss"')]: "0.6x10" },
      at: "5m",
    },
  },
  {
    name: "LossNearLimit",
    severity: "page",
    owner: "risk",
    dashboard: "money",
    expr: `${used} > 0.8`,
    summary: "{{ $labels.metric }} has used {{ $value | humanizePercentage }} of its limit",
    description:
      "{{ $labels.metric }} stands at {{ $value | humanizePercentage }} of what the tightest rule allows. At 100 % it refuses or halts by itself.",
    mitigation: "a halt of level 1, if a person wants to be before the limit",
    fires: {
      series: { [of("countersign_limit_used_ratio", 'agent="policy",metric="drawdown"')]: "0.2x2 0.9x10" },
      at: "5m",
      labels: { metric: "drawdown" },
    },
    quiet: { series: { [of("countersign_limit_used_ratio", 'agent="policy",metric="drawdown"')]: "0.8x10" }, at: "5m" },
  },
  {
    name: "PolicyDenialsHigh",
    severity: "ticket",
    owner: "risk",
    dashboard: "governance",
    expr: `${verdicts("rejection")} / ${verdicts("permit", "rejection")} > 0.5 and ${verdicts("permit", "rejection")} > 20`,
    for: "5m",
    summary: "Policy refuses {{ $value | humanizePercentage }} of what is proposed",
    description:
      "Of more than 20 verdicts in 30 minutes {{ $value | humanizePercentage }} were rejections: a proposer is wrong, or a limit is.",
    mitigation: "a halt of the strategy that is refused",
    fires: {
      series: {
        [of("countersign_verdicts_total", 'agent="compliance",verdict="permit"')]: "0+1x60",
        [of("countersign_verdicts_total", 'agent="compliance",verdict="rejection"')]: "0+2x60",
      },
      at: "45m",
      labels: {},
    },
    quiet: {
      series: {
        [of("countersign_verdicts_total", 'agent="compliance",verdict="permit"')]: "0+2x60",
        [of("countersign_verdicts_total", 'agent="compliance",verdict="rejection"')]: "0+1x60",
      },
      at: "45m",
    },
  },
  {
    name: "OrderWithoutAuthority",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr: moved(spent, "code", "10m"),
    summary: "The gate has refused an order without authority: {{ $labels.code }}",
    description:
      "Execution refused an order with {{ $labels.code }}: nobody who is well asks for that. Nothing reached the venue.",
    mitigation: "halt; find who sent it; revoke that key",
    fires: {
      series: { [of("countersign_orders_refused_total", 'agent="compliance",code="PERMIT_FORGED"')]: "_x12 1x10" },
      at: "15m",
      labels: { code: "PERMIT_FORGED" },
    },
    quiet: {
      series: {
        [of("countersign_orders_refused_total", 'agent="compliance",code="PERMIT_FORGED"')]: "1x40",
        [of("countersign_orders_refused_total", 'agent="compliance",code="PERMIT_EXPIRED"')]: "0+1x40",
      },
      at: "30m",
    },
  },
  {
    name: "OrdersUnfilled",
    severity: "ticket",
    owner: "risk",
    dashboard: "overview",
    expr: `${orders("filled")} / ${orders("accepted")} < 0.9 and ${orders("accepted")} > 20`,
    for: "5m",
    summary: "Only {{ $value | humanizePercentage }} of the accepted orders are filled",
    description:
      "Of more than 20 orders accepted within an hour {{ $value | humanizePercentage }} were filled: bands are too narrow, the venue refuses, or prices are old.",
    mitigation: "a halt of the symbol, where one is the cause",
    fires: {
      series: {
        [of("countersign_orders_total", 'agent="compliance",outcome="accepted"')]: "0+2x120",
        [of("countersign_orders_total", 'agent="compliance",outcome="filled"')]: "0+1x120",
      },
      at: "90m",
      labels: {},
    },
    quiet: {
      series: {
        [of("countersign_orders_total", 'agent="compliance",outcome="accepted"')]: "0+2x120",
        [of("countersign_orders_total", 'agent="compliance",outcome="filled"')]: "0+2x120",
      },
      at: "90m",
    },
  },
  {
    name: "ApprovalExpiring",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr: `min by (namespace) (${of("countersign_approval_left_seconds")}) < 30`,
    summary: "An order expires in {{ $value | humanizeDuration }}, and nobody has answered",
    description: "An order that needs a person's signature is over in {{ $value | humanizeDuration }}.",
    mitigation: "`countersign approvals`, then approve or reject",
    fires: {
      series: { [of("countersign_approval_left_seconds", 'agent="policy"')]: "120 60 20x3" },
      at: "3m",
      labels: {},
    },
    quiet: { series: { [of("countersign_approval_left_seconds", 'agent="policy"')]: "120 60 _x3" }, at: "3m" },
  },
  {
    name: "ApprovalNotShown",
    severity: "page",
    owner: "risk",
    dashboard: "governance",
    expr: moved(notShown, "code", "15m"),
    summary: "An order waited for a person and was on nobody's screen",
    description:
      "Policy let an order expire that no terminal has shown: nobody watches, or the terminals do not reach the brokers.",
    mitigation: "open `countersign approvals --watch`",
    fires: {
      series: { [of("countersign_alerts_total", 'agent="policy",code="ASK_NOT_SHOWN"')]: "_x20 1x20" },
      at: "25m",
      labels: { code: "ASK_NOT_SHOWN" },
    },
    quiet: {
      series: { [of("countersign_alerts_total", 'agent="policy",code="LIMIT_WARNING"')]: "0+1x40" },
      at: "25m",
    },
  },
];
