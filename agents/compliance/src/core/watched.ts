/** The figures as a dashboard takes them: plain numbers, and what is not known is not there. */
import { positionValue } from "@countersign/ledger";
import { type Money, toNumber } from "@countersign/orders";
import { figuresOf } from "./figures.ts";
import type { ComplianceState } from "./state.ts";

export interface WatchedFigures {
  /** Leaves of the audit log. */
  readonly records: number;
  readonly currency: string | undefined;
  readonly money: Readonly<Record<MoneyFigure, number | undefined>>;
  /** The largest so far, a non-positive fraction. */
  readonly drawdown: number | undefined;
  /** A fraction of the mid that was decided upon. */
  readonly slippage: number | undefined;
  readonly verdicts: Readonly<Record<"permit" | "rejection" | "escalation", number>>;
  /** By rule. */
  readonly breaches: Readonly<Record<string, number>>;
  readonly orders: Readonly<Record<"accepted" | "filled" | "refused", number>>;
  /** By code. */
  readonly ordersRefused: Readonly<Record<string, number>>;
}

type MoneyFigure = "equity" | "deposits" | "realised" | "unrealised" | "fees" | "traded" | "exposure";

export function watchedFigures(state: Pick<ComplianceState, "log" | "report">): WatchedFigures {
  const figures = figuresOf(state, []);
  const { equity, deposits, realised, unrealised, fees, traded, slippageBps } = figures;
  const { permits, rejections, escalations, orders, ordersFilled, ordersRefused } = figures;
  const amounts = { equity, deposits, realised, unrealised, fees, traded };
  const money = Object.fromEntries(
    Object.entries(amounts).map(([figure, amount]) => [figure, amount && toNumber(amount)]),
  ) as Record<keyof typeof amounts, number | undefined>;
  return {
    records: figures.records,
    currency: deposits?.currency,
    money: { ...money, exposure: exposureOf(state, equity) },
    drawdown: figures.maxDrawdown,
    slippage: slippageBps === undefined ? undefined : slippageBps / 1e4,
    verdicts: { permit: permits, rejection: rejections, escalation: escalations },
    breaches: figures.rejectionsByRule,
    orders: {
      accepted: orders,
      filled: ordersFilled,
      refused: Object.values(ordersRefused).reduce((sum, count) => sum + count, 0),
    },
    ordersRefused,
  };
}

/** Σ |position| at its mark; known where the equity is. */
function exposureOf({ report }: Pick<ComplianceState, "report">, equity: Money | undefined): number | undefined {
  const { book, marks } = report.equity;
  if (equity === undefined) return undefined;
  const values = Object.values(book.positions).map(({ symbol, quantity }) => {
    const mark = marks.find((one) => one.symbol === symbol);
    return mark === undefined ? 0 : Math.abs(toNumber(positionValue(quantity, mark.price, equity.scale)));
  });
  return values.reduce((sum, value) => sum + value, 0);
}
