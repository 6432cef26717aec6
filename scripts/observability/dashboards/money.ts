import { type DashboardSpec, rate, shown } from "./dashboard.ts";

const money = (figure: string) => ({
  expr: `max by (figure, currency) (${shown("countersign_account_money", `figure=~"${figure}"`)})`,
  legend: "{{figure}} {{currency}}",
});

/** Exposure stands beside no limit: a limit on it is judged order by order, and no process knows the one that is nearest. */
export const moneyBoard: DashboardSpec = {
  uid: "countersign-money",
  title: "Money",
  description: "The account by the certified ledger, and how much of the limits on losses is used.",
  rows: [
    {
      title: "The account",
      panels: [
        {
          title: "Equity and deposits",
          description: "Equity is cash and positions at the last quotes; what lies between the lines is won or lost.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [money("equity|deposits")],
        },
        {
          title: "Realised, unrealised, fees",
          description: "equity = deposits + realised + unrealised − fees.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [money("realised|unrealised|fees")],
        },
        {
          title: "Exposure",
          description: "The sum of all positions at their marks, long and short alike.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [money("exposure")],
        },
        {
          title: "Traded",
          description: "What was bought and what was sold, together, since the account began.",
          ...{ unit: "short", width: 12, kind: "timeseries" },
          queries: [money("traded")],
        },
      ],
    },
    {
      title: "Losses",
      panels: [
        {
          title: "Limits on losses, used",
          description:
            "What was lost today, and since the peak, as a share of what the tightest rule allows. At 1 the rule acts.",
          ...{ unit: "percentunit", width: 12, kind: "timeseries" },
          queries: [{ expr: `max by (metric) (${shown("countersign_limit_used_ratio")})`, legend: "{{metric}}" }],
          thresholds: { warn: 0.6, bad: 0.8 },
          alert: "LossNearLimit",
        },
        {
          title: "Largest drawdown",
          description: "Of the equity so far, a share of the peak before it.",
          ...{ unit: "percentunit", width: 6, kind: "stat" },
          queries: [{ expr: `min(${shown("countersign_account_drawdown_ratio")})`, legend: "drawdown" }],
        },
        {
          title: "Slippage",
          description: "What all fills cost against the mid that was decided upon; positive is a cost.",
          ...{ unit: "percentunit", width: 6, kind: "stat" },
          queries: [{ expr: `max(${shown("countersign_slippage_ratio")})`, legend: "slippage" }],
        },
      ],
    },
    {
      title: "Orders",
      panels: [
        {
          title: "Working orders",
          description: "Accepted and not over.",
          ...{ unit: "none", width: 12, kind: "timeseries" },
          queries: [{ expr: `max(${shown("countersign_working_orders")})`, legend: "working" }],
        },
        {
          title: "Orders refused, by code",
          description: "By Execution or the venue.",
          ...{ unit: "reqps", width: 12, kind: "timeseries" },
          queries: [{ expr: rate("countersign_orders_refused_total", "code"), legend: "{{code}}" }],
          alert: "OrderWithoutAuthority",
        },
      ],
    },
  ],
};
