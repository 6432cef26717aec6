import { create } from "@bufbuild/protobuf";
import {
  FillSchema,
  OrderAcceptedSchema,
  OrderRejectedSchema,
  OrderReportedSchema,
  OrderStatus,
  PermitIssuedSchema,
  ProposeRequestSchema,
  Side,
} from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { Day, startMs } from "../../test/day.ts";
import { AGGREGATE } from "./state.ts";

const watched = async (day: Day) => day.compliance.watched((await day.store.load(AGGREGATE)).state);
const propose = (content: Parameters<typeof create<typeof ProposeRequestSchema>>[1]) =>
  create(ProposeRequestSchema, content).content;

/** Ten bought at 100.02, of 10,000.00, for a fee of 0.05. */
async function bought(): Promise<Day> {
  const day = await Day.open();
  const amount = { units: 10_000_00n, scale: 2, currency: "USD" };
  await day.post(
    propose({ content: { case: "deposit", value: { depositId: "d", account: "main", amount, by: "person:ada" } } }),
  );
  await day.quote(0, 99_98n, 100_02n);
  const fill = create(FillSchema, {
    fillId: "fill a",
    executionId: "a",
    clientOrderId: "a",
    account: "main",
    symbol: "AAPL",
    side: Side.BUY,
    lastQty: { units: 10n, scale: 0 },
    lastPx: { units: 100_02n, scale: 2 },
    commission: { units: 5n, scale: 2, currency: "USD" },
    leavesQty: { units: 0n, scale: 0 },
    transactTimeMs: BigInt(startMs + 1_000),
  });
  const accepted = create(OrderAcceptedSchema, { clientOrderId: "a", account: "main", symbol: "AAPL" });
  await day.say("execution", "orders.execution.v1", "main", "order.accepted", accepted);
  await day.say("execution", "orders.execution.v1", "main", "order.filled", fill);
  const marks = [{ symbol: "AAPL", price: { units: 99_98n, scale: 2 } }];
  await day.post(propose({ content: { case: "fills", value: { account: "main", fills: [fill], marks } } }));
  return day;
}

describe("what a dashboard is told", () => {
  it("of money is plain numbers, at the last quote", async () => {
    const day = await bought();
    await day.quote(60, 110_00n, 110_04n);
    const { currency, money } = await watched(day);
    expect(currency).toBe("USD");
    expect(money).toEqual({
      equity: 10_099.75,
      deposits: 10_000,
      realised: 0,
      unrealised: 99.8,
      fees: 0.05,
      traded: 1_000.2,
      exposure: 1_100,
    });
  });

  it("is nothing where nothing was deposited, and never zero", async () => {
    const { currency, money, drawdown, slippage } = await watched(await Day.open());
    expect([currency, drawdown, slippage]).toEqual([undefined, undefined, undefined]);
    expect(Object.values(money)).toEqual(Object.values(money).map(() => undefined));
  });

  it("of orders is what became of them, by code where they were refused", async () => {
    const day = await bought();
    const rules = [{ rule: "volatility", breached: true, action: "reject" }];
    await day.say("policy", "risk.policy.v1", "main", "permit.issued", create(PermitIssuedSchema));
    await day.say("policy", "risk.policy.v1", "main", "order.rejected", create(OrderRejectedSchema, { rules }));
    const refused = create(OrderReportedSchema, { status: OrderStatus.REJECTED, code: "PERMIT_EXPIRED" });
    await day.say("execution", "orders.execution.v1", "main", "order.reported", refused);
    expect(await watched(day)).toMatchObject({
      verdicts: { permit: 1, rejection: 1, escalation: 0 },
      breaches: { volatility: 1 },
      orders: { accepted: 1, filled: 1, refused: 1 },
      ordersRefused: { PERMIT_EXPIRED: 1 },
    });
  });
});
