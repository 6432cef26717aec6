/** Three validators, each with a drop copy of its own from the real exchange, and fills that are true, altered or invented. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DropCopyError, PaperDropCopy } from "@countersign/agent-validator";
import { type Fill, Mode, OrderType, TimeInForce } from "@countersign/contracts";
import { parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import type { ExecutionReport } from "@countersign/venue-paper";
import { API_KEY, ExchangeProcess, newOrder, READ_KEY } from "@countersign/venue-paper/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fillOf, fillsOf, orderOf } from "../agents/validator/test/fills.ts";
import { names, World } from "../agents/validator/test/world.ts";

const row = {
  ...{ symbol: "AAPL", currency: "USD", priceScale: 2, tick: "0.01", quantityScale: 0, lot: "1", halfSpread: "0.01" },
  ...{ topSize: "1000", feeBps: "1", tradingDaysPerYear: 252, tradingHoursPerDay: 6.5 },
};

let dir: string;
let exchange: ExchangeProcess;
let port: number;
let opened: PaperDropCopy[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "drop-copy-"));
  exchange = await ExchangeProcess.start({ dir, instruments: [row] });
  port = exchange.port;
  opened = [];
});
afterEach(async () => {
  for (const one of opened) one.close();
  await exchange.kill();
  rmSync(dir, { recursive: true });
});

function open(): PaperDropCopy {
  const url = `http://127.0.0.1:${port}`;
  const one = new PaperDropCopy({ venue: "paper", account: "main", url, apiKey: () => READ_KEY, note: () => {} });
  opened.push(one);
  return one;
}

async function ask(method: string, path: string, key = API_KEY, body?: object) {
  const init = { method, headers: { "x-api-key": key }, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

/** Buys ten at 100.00 or better, all at once; the trade as the exchange tells it. */
async function trade(clOrdID: string): Promise<ExecutionReport> {
  await ask("POST", "/v1/orders", API_KEY, newOrder({ clOrdID, symbol: "AAPL" }));
  exchange.quote("AAPL", "99.98", "99.99");
  const found = async () => {
    const { executions } = (await ask("GET", "/v1/executions")).body as unknown as { executions: ExecutionReport[] };
    return executions.find((one) => one.clOrdID === clOrdID);
  };
  for (let tries = 0; tries < 200; tries++) {
    const one = await found();
    if (one !== undefined) return one;
  }
  throw new Error("it was not traded");
}

const said = ({
  execID,
  clOrdID,
  transactTimeMs,
  trade: { lastQty, lastPx, commission } = {} as never,
}: ExecutionReport) => ({
  executionId: `${execID}`,
  clientOrderId: clOrdID,
  ...{ symbol: "AAPL", side: "BUY", timeMs: transactTimeMs },
  quantity: parseQuantity(lastQty),
  price: parsePrice(lastPx),
  commission: parseMoney(commission, "USD"),
});

describe("the drop copy of the exchange", () => {
  it("has what happened before it and what happens now, and nothing else", async () => {
    const before = await trade("before");
    const copy = open();
    expect(await copy.execution(`${before.execID}`)).toEqual(said(before));
    const now = await trade("now");
    expect(await copy.execution(`${now.execID}`)).toEqual(said(now));
    // A report that is no trade, one that is not there yet, and what is no number.
    for (const id of ["1", "99", "s-1", "0", "-1", ""]) expect(await copy.execution(id)).toBeUndefined();
  });

  it("has no execution of another account", async () => {
    await ask("POST", "/v1/orders", "key-of-other", newOrder({ account: "other", symbol: "AAPL" }));
    await trade("ours");
    const { executions } = (await ask("GET", "/v1/executions", "key-of-other")).body as never as {
      executions: ExecutionReport[];
    };
    expect(await open().execution(`${executions[0]?.execID}`)).toBeUndefined();
  });

  it("can do nothing but read: its key places and cancels no order", async () => {
    expect(await ask("POST", "/v1/orders", READ_KEY, newOrder({ symbol: "AAPL" }))).toMatchObject({
      ...{ status: 403, body: { error: { code: "READ_ONLY" } } },
    });
    expect((await ask("GET", "/v1/orders")).body).toMatchObject({ orders: [] });
  });

  it("does not answer while the venue is away, and has everything when it is back", async () => {
    const copy = open();
    const one = await trade("one");
    await exchange.kill();
    const two = `${one.execID + 7}`;
    await expect(copy.execution(two)).rejects.toThrow(DropCopyError);
    exchange = await ExchangeProcess.start({ dir, instruments: [row], port });
    const later = await trade("later");
    expect(await copy.execution(`${later.execID}`)).toEqual(said(later));
    expect(await copy.execution(two)).toBeUndefined();
  });
});

describe("three validators with a drop copy each", () => {
  let world: World;
  beforeEach(async () => {
    world = await new World({ mode: Mode.REPLAY, dropCopies: names.map(open) }).open();
  });

  /** The fill of this order as the exchange tells it, or as the test would have it. */
  async function proposed(intentKey: string, otherwise: Partial<Fill> = {}) {
    const limitPrice = { $typeName: "countersign.v1.Price", units: 100_00n, scale: 2 } as const;
    const limit = { type: OrderType.LIMIT, limitPrice, timeInForce: TimeInForce.GTC };
    const { submit, intent } = orderOf(intentKey, { intent: limit });
    const clOrdID = fillOf(intent, "0", { msgId: "", seq: 0n, digest: new Uint8Array(32) }).clientOrderId ?? "";
    const report = await trade(clOrdID);
    const quote = world.quote(99_98n, 99_99n, report.transactTimeMs);
    const { lastQty = "", lastPx = "", commission = "" } = report.trade ?? {};
    const fill = fillOf(intent, `${report.execID}`, quote, {
      lastQty: { $typeName: "countersign.v1.Quantity", ...parseQuantity(lastQty) },
      lastPx: { $typeName: "countersign.v1.Price", ...parsePrice(lastPx) },
      commission: { $typeName: "countersign.v1.Money", ...parseMoney(commission, "USD") },
      transactTimeMs: BigInt(report.transactTimeMs),
      ...otherwise,
    });
    const content = fillsOf([fill], [submit], { units: 99_98n, quote });
    return () => {
      // To whatever validators there are now, and they have seen the market.
      world.quote(99_98n, 99_99n, report.transactTimeMs);
      return world.propose(content, "execution");
    };
  }

  it("book what was traded", async () => {
    expect(await (await proposed("true"))()).toMatchObject({ seq: 2n });
  });

  it("refuse what was traded otherwise, and what was not traded, though everything else is right", async () => {
    const dearer = { lastPx: { $typeName: "countersign.v1.Price", units: 99_98n, scale: 2 } } as const;
    expect(await (await proposed("altered", dearer))()).toMatchObject({ code: "DROP_COPY_DIFFERS", text: "price" });
    const { submit, intent } = orderOf("invented");
    const quote = world.quote(100_00n, 100_01n);
    const content = fillsOf([fillOf(intent, "77", quote)], [submit], { units: 100_00n, quote });
    expect(await world.propose(content, "execution")).toMatchObject({ code: "NOT_IN_DROP_COPY", text: "77" });
  });

  it("vote neither yes nor no while the venue is away, and book it when it is back", async () => {
    const propose = await proposed("late");
    await exchange.kill();
    // Those that heard of it by their stream know it; a validator that begins now does not.
    world = await new World({
      mode: Mode.REPLAY,
      log: world.log,
      stores: world.stores,
      dropCopies: names.map(open),
    }).start();
    expect(await propose()).toMatchObject({ code: "NO_QUORUM" });
    exchange = await ExchangeProcess.start({ dir, instruments: [row], port });
    await expect.poll(propose, { timeout: 10_000 }).toMatchObject({ seq: 2n });
  });
});
