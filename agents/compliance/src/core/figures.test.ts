import { create, toBinary } from "@bufbuild/protobuf";
import {
  EscalatedSchema,
  type Fill,
  FillSchema,
  HedgePlacedSchema,
  Mode,
  OrderAcceptedSchema,
  OrderIntentSchema,
  OrderRejectedSchema,
  OrderReportedSchema,
  OrderStatus,
  OrderType,
  PermitIssuedSchema,
  ProposeRequestSchema,
  RefusedSchema,
  Side,
  SignalSchema,
  TimeInForce,
} from "@countersign/contracts";
import { formatFixed, type Money } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Day, startMs } from "../../test/day.ts";
import { figuresInWords, figuresToJson } from "./figures.ts";

const DAY_S = 86_400;
const policy = "risk.policy.v1";
const execution = "orders.execution.v1";

interface Trade {
  readonly id: string;
  readonly side: Side;
  readonly quantity: bigint;
  /** Cents. */
  readonly price: bigint;
  /** msg_id of the quote the decision saw. */
  readonly quote: string;
  readonly atS: number;
  /** Of what is held after it, cents; undefined when nothing is. */
  readonly mark: bigint | undefined;
}

const fillOf = ({ id, side, quantity, price, atS }: Trade, leaves = 0n): Fill =>
  create(FillSchema, {
    fillId: `fill ${id}`,
    executionId: id,
    clientOrderId: id,
    account: "main",
    symbol: "AAPL",
    side,
    lastQty: { units: quantity, scale: 0 },
    lastPx: { units: price, scale: 2 },
    commission: { units: 5n, scale: 2, currency: "USD" },
    leavesQty: { units: leaves, scale: 0 },
    transactTimeMs: BigInt(startMs + atS * 1_000),
  });

/** Accepted, filled, booked. */
async function trade(day: Day, order: Trade): Promise<void> {
  const { id, side, quantity, quote, mark } = order;
  const intent = create(OrderIntentSchema, {
    intentKey: id,
    account: "main",
    venue: "paper",
    symbol: "AAPL",
    side,
    quantity: { units: quantity, scale: 0 },
    type: OrderType.MARKET,
    bandLow: { units: 1n, scale: 2 },
    bandHigh: { units: 1_000_00n, scale: 2 },
    timeInForce: TimeInForce.IOC,
    reduceOnly: false,
    mode: Mode.REPLAY,
    proposer: "portfolio",
    principal: "strategy:trend",
    parent: id,
    quotes: [
      { symbol: "SPX", msgId: "another" },
      { symbol: "AAPL", msgId: quote },
    ],
  });
  const bytes = toBinary(OrderIntentSchema, intent);
  const accepted = create(OrderAcceptedSchema, { clientOrderId: id, account: "main", symbol: "AAPL", intent: bytes });
  await day.say("execution", execution, "main", "order.accepted", accepted);
  const fill = fillOf(order);
  await day.say("execution", execution, "main", "order.filled", fill);
  const marks = mark === undefined ? [] : [{ symbol: "AAPL", price: { units: mark, scale: 2 } }];
  await day.post(
    create(ProposeRequestSchema, { content: { case: "fills", value: { account: "main", fills: [fill], marks } } })
      .content,
  );
}

function deposit(units: bigint, depositId = "d1", account = "main") {
  const value = { depositId, account, amount: { units, scale: 2, currency: "USD" }, by: "person:ada" };
  return create(ProposeRequestSchema, { content: { case: "deposit", value } }).content;
}

const text = (value: Money | undefined) => value && formatFixed(value);

/** Buys ten at 100.02 on a mid of 100.00, sells them a day later at 99.00 on a mid of 99.02. */
async function twoDays(): Promise<Day> {
  const day = await Day.open();
  await day.post(deposit(10_000_00n));
  const first = await day.quote(0, 99_98n, 100_02n);
  await trade(day, { id: "a", side: Side.BUY, quantity: 10n, price: 100_02n, quote: first, atS: 1, mark: 99_98n });
  await day.quote(60, 101_00n, 101_04n);
  const second = await day.quote(DAY_S, 99_00n, 99_04n);
  await trade(day, {
    id: "b",
    side: Side.SELL,
    quantity: 10n,
    price: 99_00n,
    quote: second,
    atS: DAY_S + 1,
    mark: undefined,
  });
  await day.quote(2 * DAY_S, 98_00n, 98_04n);
  return day;
}

describe("figures", () => {
  it("are those of two days computed by hand", async () => {
    const figures = await (await twoDays()).figures();
    expect([figures.orders, figures.ordersFilled, figures.fills, figures.fillsWithoutQuote]).toEqual([2, 2, 2, 0]);
    expect([figures.deposits, figures.equity, figures.profit, figures.fees, figures.traded].map(text)).toEqual([
      "10000.00",
      "9989.70",
      "-10.30",
      "0.10",
      "1990.20",
    ]);
    expect([figures.realised, figures.unrealised].map(text)).toEqual(["-10.20", "0.00"]);
    // 0.02 lost on each of twenty, of mids that add up to 1,990.20.
    expect(figures.slippageBps).toBeCloseTo((1e4 * 0.4) / 1990.2, 9);
    const equities = [10_000, 10_009.75, 9_989.7, 9_989.7];
    const returns = equities.slice(1).map((equity, n) => equity / equities[n]! - 1);
    const mean = returns.reduce((sum, one) => sum + one, 0) / 3;
    const sd = Math.sqrt(returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 2);
    expect(figures.periods).toBe(3);
    expect(figures.sharpe).toBeCloseTo((mean / sd) * Math.sqrt(252), 9);
    expect(figures.maxDrawdown).toBeCloseTo(9_989.7 / 10_009.75 - 1, 12);
    expect(figures.timeInMarket).toBeCloseTo(1 / 3, 12);
    expect(figures.turnover).toBeCloseTo(995.1 / ((10_009.75 + 9_989.7 + 9_989.7) / 3), 12);
    expect(figures.equityCurve.map(({ equity }) => formatFixed(equity))).toEqual([
      "10000.00",
      "9999.55",
      "10009.75",
      "9989.70",
      "9989.70",
      "9989.70",
    ]);
    const curve = figures.equityCurve.map(({ timeMs }) => timeMs);
    expect(curve).toEqual([...curve].sort((a, b) => a - b));
  });

  it("are the same however often they are read, and after the store's JSON", async () => {
    const day = await twoDays();
    const figures = await day.figures();
    expect(await day.figures()).toEqual(figures);
    const [equity, sharpe] = figuresInWords(figures).filter(([label]) => /^(equity|Sharpe)/.test(label));
    expect(equity).toEqual(["equity", "9989.70 USD"]);
    expect(sharpe![1]).toMatch(/^-\d+\.\d\d \(3 returns of 1 d, annualised\)$/);
    const json: unknown = JSON.parse(JSON.stringify(figuresToJson(figures)));
    expect(json).toMatchObject({ equity: "9989.70", sharpe: figures.sharpe, period: { perYear: 252 } });
  });

  it("take no deposit for a gain", async () => {
    const day = await Day.open();
    await day.quote(0, 100_00n, 100_02n);
    await day.post(deposit(1_000_00n));
    await day.quote(DAY_S, 100_00n, 100_02n);
    await day.post(deposit(9_000_00n, "d2"));
    await day.post(deposit(5n, "d3", "another account"));
    await day.quote(2 * DAY_S, 100_00n, 100_02n);
    const figures = await day.figures();
    expect([figures.deposits, figures.profit].map(text)).toEqual(["10000.00", "0.00"]);
    expect([figures.periods, figures.sharpe, figures.maxDrawdown, figures.timeInMarket]).toEqual([3, undefined, 0, 0]);
  });

  it("count verdicts, their rules and codes, hedges and refusals", async () => {
    const day = await Day.open();
    const rules = [
      { rule: "single-order", breached: true, action: "reject" },
      { rule: "wide-spread", breached: true, action: "warn" },
      { rule: "exposure", breached: false, action: "reject" },
    ];
    await day.say("policy", policy, "main", "permit.issued", create(PermitIssuedSchema));
    await day.say("policy", policy, "main", "order.escalated", create(EscalatedSchema));
    for (let n = 0; n < 3; n++)
      await day.say("policy", policy, "main", "order.rejected", create(OrderRejectedSchema, { code: "LIMIT", rules }));
    await day.say("policy", policy, "another account", "permit.issued", create(PermitIssuedSchema));
    await day.say("hedger", "hedges.v1", "main", "hedge.placed", create(HedgePlacedSchema));
    const reported = (status: OrderStatus) =>
      day.say(
        "execution",
        execution,
        "main",
        "order.reported",
        create(OrderReportedSchema, { status, code: "HALTED" }),
      );
    await reported(OrderStatus.REJECTED);
    await reported(OrderStatus.EXPIRED);
    await day.say(
      "execution",
      "audit.records.v1",
      "execution",
      "decision.refused",
      create(RefusedSchema, { code: "STALE" }),
    );
    const figures = await day.figures();
    // A warning is no reason.
    expect(figures.rejectionsByRule).toEqual({ "single-order": 3 });
    expect(figures).toMatchObject({
      records: 11,
      permits: 1,
      rejections: 3,
      escalations: 1,
      approvalRate: 0.25,
      rejectionsByCode: { LIMIT: 3 },
      ordersRefused: { HALTED: 1 },
      hedges: 1,
      refusals: { STALE: 1 },
    });
  });

  it("say nothing about what is not known, and never zero", async () => {
    const day = await Day.open();
    const figures = await day.figures();
    const unknown = [
      "approvalRate",
      "slippageBps",
      "equity",
      "profit",
      "unrealised",
      "sharpe",
      "turnover",
      "timeInMarket",
      "maxDrawdown",
    ] as const;
    expect(unknown.map((name) => figures[name])).toEqual(unknown.map(() => undefined));
    const words = figuresInWords(figures).filter(([, said]) => said.includes("—"));
    expect(words.map(([label]) => label)).toEqual([
      "approval rate",
      "success rate of orders",
      "slippage",
      "equity",
      "profit",
      "realised, unrealised, fees",
      "max drawdown",
      "Sharpe ratio",
      "turnover",
      "time in market",
    ]);
    expect(figuresToJson(figures)).toMatchObject({ equity: null, sharpe: null });
  });

  it("know the money also where the ledger is heard before the control log says who certifies it", async () => {
    const day = await Day.open({ withGenesis: false });
    await day.post(deposit(10_000_00n));
    await day.post(deposit(5_00n, "d2"));
    expect(await day.figures()).toMatchObject({ deposits: undefined, moneyUnknown: undefined });
    await day.postGenesis();
    const figures = await day.figures();
    expect([figures.deposits, figures.equity].map(text)).toEqual(["10005.00", "10005.00"]);
    expect(figures.equityCurve).toHaveLength(2);
    await day.post(deposit(1_00n, "d3"));
    expect(text((await day.figures()).deposits)).toBe("10006.00");
  });

  it("have no slippage of an order whose quote nobody remembers", async () => {
    const day = await Day.open();
    await day.post(deposit(10_000_00n));
    await trade(day, {
      id: "a",
      side: Side.BUY,
      quantity: 1n,
      price: 100_02n,
      quote: "never seen",
      atS: 1,
      mark: 100_00n,
    });
    expect(await day.figures()).toMatchObject({ fills: 1, fillsWithoutQuote: 1, slippageBps: undefined });
  });

  it("leave out a record that another stands against", async () => {
    const [day, other] = [await Day.open(), await Day.open()];
    const payload = create(PermitIssuedSchema, { explanation: "forged" });
    // Of another message id, because under the same one the inbox would refuse it.
    await other.say("signal", "signals.market.v1", "AAPL", "market.signal", create(SignalSchema));
    const say = { sender: "policy", topic: policy, key: "main", type: "permit.issued", payload };
    const forged = other.rig.sealed(say);
    await day.rig.say({ ...say, payload: create(PermitIssuedSchema) });
    await day.rig.deliver(policy, "main", forged.bytes, forged.body);
    expect(day.rig.alerts).toEqual(["compliance AUDIT_FORK"]);
    // The genesis and the two; that Compliance has named the fork follows in the next step.
    expect(await day.figures()).toMatchObject({ records: 3, permits: 1 });
  });

  it("say nothing about money after an entry that never came", async () => {
    const day = await Day.open();
    await day.post(deposit(10_000_00n));
    day.skip(deposit(1n, "d2"));
    await day.post(deposit(1n, "d3"));
    expect(await day.figures()).toMatchObject({ moneyUnknown: "entry 2 is missing", equity: undefined });
  });

  it("say nothing about money after an entry that is not certified", async () => {
    const day = await Day.open();
    await day.post(deposit(10_000_00n));
    await day.post(deposit(1n, "d2"), ["validator-1"]);
    await day.post(deposit(1n, "d3"));
    const figures = await day.figures();
    expect(figures.moneyUnknown).toBe("entry 2 is not certified: NO_QUORUM");
    expect([figures.deposits, figures.equity, figures.profit, figures.maxDrawdown]).toEqual(Array(4).fill(undefined));
  });
});
