/** The protocol, over a real socket, against the real program in a process of its own. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CancelReject, ExecutionReport, NewOrderSingle } from "../wire.ts";
import { API_KEY, ExchangeProcess, newOrder, READ_KEY } from "./testing.ts";

const row = {
  symbol: "T",
  currency: "USD",
  priceScale: 2,
  tick: "0.01",
  quantityScale: 0,
  lot: "1",
  halfSpread: "0.01",
  topSize: "100",
  feeBps: "1",
  tradingDaysPerYear: 252,
  tradingHoursPerDay: 6.5,
};
const instruments = [row];

let dir: string;
let exchange: ExchangeProcess;
const start = (port = 0) => ExchangeProcess.start({ dir, instruments, port });
const restart = async () => {
  await exchange.kill();
  exchange = await start();
};
const recordFile = () => join(dir, "record.jsonl");

// One process for tests that leave nothing behind, else one each: `describe` says which.
const begin = async () => {
  dir = mkdtempSync(join(tmpdir(), "paper-exchange-"));
  exchange = await start();
};
const end = async () => {
  await exchange.kill();
  rmSync(dir, { recursive: true });
};

/** Everything an answer may hold, each in the answers that hold it. */
interface Said {
  readonly report: ExecutionReport;
  readonly reports: ExecutionReport[];
  readonly orders: ExecutionReport[];
  readonly executions: ExecutionReport[];
  readonly reject: CancelReject;
  readonly error: { readonly code: string; readonly text: string };
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  key = API_KEY,
): Promise<{ status: number; body: Said }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method, headers: { "x-api-key": key }, ...(body !== undefined && { body: text }) };
  const response = await fetch(`${exchange.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Said };
}

const place = async (over: Partial<NewOrderSingle> = {}): Promise<ExecutionReport> =>
  (await ask("POST", "/v1/orders", newOrder(over))).body.report;
const executions = async (since = 0): Promise<ExecutionReport[]> =>
  (await ask("GET", `/v1/executions?since=${since}`)).body.executions;

async function until<T>(what: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const value = await what();
    if (isSo(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not happen within two seconds");
}
const filled = (count: number) => until(executions, (all) => all.length >= count);

describe("an order", () => {
  beforeEach(begin);
  afterEach(end);

  it("is acknowledged, filled in parts at the quote's price, and its trades can be asked for", async () => {
    expect(await place()).toMatchObject({ execType: "NEW", ordStatus: "NEW", execID: 1, leavesQty: "10" });
    exchange.quote("T", "99.98", "99.99", "4");
    exchange.quote("T", "99.96", "99.97", "100");
    const [first, second] = await filled(2);
    expect(first).toMatchObject({ ordStatus: "PARTIALLY_FILLED", cumQty: "4", leavesQty: "6", execID: 2 });
    expect(second).toMatchObject({ ordStatus: "FILLED", cumQty: "10", leavesQty: "0", execID: 3 });
    expect(second?.trade).toMatchObject({ lastQty: "6", lastPx: "99.97", commission: "0.06", commCurrency: "USD" });
    expect(await executions(2)).toEqual([second]);
    expect((await ask("GET", "/v1/orders/c1")).body.reports).toHaveLength(3);
    expect((await ask("GET", "/v1/account")).body).toMatchObject({
      lastExecID: 3,
      orders: [],
      positions: [{ symbol: "T", netQty: "10" }],
      // 4 × 99.99 + 6 × 99.97, and 0.10 of commissions.
      cash: [{ currency: "USD", amount: "-999.88" }],
    });
  });

  it("is rejected after its validity window, and never executed", async () => {
    const late = await place({ validUntilMs: Date.now() - 1 });
    expect(late).toMatchObject({ execType: "REJECTED", ordRejReason: "EXPIRED_WINDOW", leavesQty: "0" });
    exchange.quote("T", "99.98", "99.99");
    await place({ clOrdID: "c2" });
    exchange.quote("T", "99.98", "99.99");
    expect((await filled(1)).map(({ clOrdID }) => clOrdID)).toEqual(["c2"]);
  });

  it("may have the client order id of one that ended, but not of one that is open", async () => {
    await place();
    expect(await place()).toMatchObject({ execType: "REJECTED", ordRejReason: "DUPLICATE_ORDER" });
    // What was refused says nothing of the one that has the id.
    expect((await ask("GET", "/v1/orders/c1")).body.reports).toMatchObject([{ execType: "NEW" }]);
    expect((await ask("DELETE", "/v1/orders/c1")).body.report).toMatchObject({ execType: "CANCELED", leavesQty: "0" });
    expect(await place({ orderQty: "3" })).toMatchObject({ execType: "NEW", orderID: "P4" });
    expect((await ask("GET", "/v1/orders/c1")).body.reports).toMatchObject([{ execType: "NEW", orderQty: "3" }]);
  });

  it("has a client order id of its own account", async () => {
    await place();
    const other = await ask("POST", "/v1/orders", newOrder({ account: "other" }), "key-of-other");
    expect(other.body.report).toMatchObject({ execType: "NEW" });
    expect((await ask("GET", "/v1/orders")).body.orders).toHaveLength(1);
  });

  it("expires by its time in force with what it did not get", async () => {
    await place({ timeInForce: "IOC" });
    exchange.quote("T", "99.98", "99.99", "4");
    const all = await until(
      async (): Promise<ExecutionReport[]> => (await ask("GET", "/v1/orders/c1")).body.reports,
      ({ length }) => length === 3,
    );
    expect(all.at(-1)).toMatchObject({ execType: "EXPIRED", ordStatus: "EXPIRED", cumQty: "4", leavesQty: "0" });
  });

  it("cannot be canceled twice, nor when nobody knows it", async () => {
    await place();
    await ask("DELETE", "/v1/orders/c1");
    expect(await ask("DELETE", "/v1/orders/c1")).toMatchObject({
      status: 409,
      body: { reject: { cxlRejReason: "TOO_LATE" } },
    });
    expect((await ask("DELETE", "/v1/orders/c9")).body.reject).toMatchObject({ cxlRejReason: "UNKNOWN_ORDER" });
  });
});

describe("a request that is no order", () => {
  beforeAll(begin);
  afterAll(end);

  const order = newOrder();
  const { price: _price, ...priceless } = order;
  it.each([
    ["no JSON", "POST", "/v1/orders", "{", 400, "BAD_REQUEST", /the body is no JSON/],
    ["a missing field", "POST", "/v1/orders", priceless, 400, "BAD_REQUEST", /^order\.price is missing$/],
    [
      "a field nobody knows",
      "POST",
      "/v1/orders",
      { ...order, px: "1" },
      400,
      "BAD_REQUEST",
      /^order\.px is not known/,
    ],
    ["a number for a decimal", "POST", "/v1/orders", { ...order, price: 1 }, 400, "BAD_REQUEST", /^order\.price 1 is/],
    ["nothing to buy", "POST", "/v1/orders", { ...order, orderQty: "0" }, 400, "BAD_REQUEST", /^order\.orderQty/],
    [
      "a stop without its price",
      "POST",
      "/v1/orders",
      { ...order, ordType: "STOP_LIMIT" },
      400,
      "BAD_REQUEST",
      /stopPx/,
    ],
    ["a window of an hour", "POST", "/v1/orders", { ...order, validUntilMs: 9e12 }, 400, "BAD_REQUEST", /validUntilMs/],
    ["another's account", "POST", "/v1/orders", { ...order, account: "other" }, 403, "WRONG_ACCOUNT", /other/],
    ["a book", "POST", "/v1/orders", "x".repeat(20_000), 413, "TOO_LARGE", /16384/],
    ["an id nobody has", "GET", "/v1/orders/c9", undefined, 404, "UNKNOWN_ORDER", /c9/],
    ["half an id", "GET", "/v1/orders/%zz", undefined, 400, "BAD_REQUEST", /percent/],
    ["a word for a number", "GET", "/v1/executions?since=x", undefined, 400, "BAD_REQUEST", /since/],
    ["a wrong door", "PUT", "/v1/orders", {}, 404, "NO_SUCH_ROUTE", /PUT/],
  ])("%s is told so in one line", async (_what, method, path, body, status, code, text) => {
    const said = await ask(method, path, body);
    expect(said).toMatchObject({ status, body: { error: { code } } });
    expect(said.body.error.text).toMatch(text);
    expect(said.body.error.text).not.toContain("\n");
    expect(readFileSync(recordFile(), "utf8")).toBe("");
  });

  it("places and cancels nothing under a key that is for reading: READ_ONLY; and it may read", async () => {
    for (const [method, path, body] of [
      ["POST", "/v1/orders", newOrder()],
      ["DELETE", "/v1/orders/c1", undefined],
    ] as const)
      expect(await ask(method, path, body, READ_KEY)).toMatchObject({
        status: 403,
        body: { error: { code: "READ_ONLY" } },
      });
    expect(readFileSync(recordFile(), "utf8")).toBe("");
    expect(await ask("GET", "/v1/account", undefined, READ_KEY)).toMatchObject({ status: 200 });
  });

  it("comes with a key, or not at all", async () => {
    expect(await ask("GET", "/v1/orders", undefined, "key-of-nobody")).toMatchObject({
      status: 401,
      body: { error: { code: "UNAUTHORIZED" } },
    });
  });
});

describe("a start that cannot be", () => {
  it.each([
    [[], /^usage: .*--dir/],
    [["--dir", "x", "--nonsense"], /nonsense/],
    [["--dir", "x", "--listen", "y", "--instruments", "/none", "--keys", "z"], /^instruments: ENOENT/],
  ])("%j is told so in one line, and the exit code says so", (args, text) => {
    const main = fileURLToPath(new URL("./main.ts", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
    expect([status, stderr.trim().split("\n").length]).toEqual([2, 1]);
    expect(stderr).toMatch(text);
  });
});

describe("an account", () => {
  beforeEach(begin);
  afterEach(end);

  it("has its orders, positions and cash of one moment, after its own last report; a restart changes nothing", async () => {
    await place({ clOrdID: "bought" });
    exchange.quote("T", "99.98", "99.99", "4");
    await filled(1);
    await ask("POST", "/v1/orders", newOrder({ account: "other", clOrdID: "theirs" }), "key-of-other");
    const held = {
      account: "main",
      lastExecID: 2,
      orders: [{ clOrdID: "bought", symbol: "T", side: "BUY", orderQty: "10", cumQty: "4" }],
      positions: [{ symbol: "T", netQty: "4" }],
      cash: [{ currency: "USD", amount: "-400.00" }],
    };
    const now = await ask("GET", "/v1/account");
    expect(now.body).toEqual({ ...held, timeMs: expect.any(Number) });
    await restart();
    expect((await ask("GET", "/v1/account")).body).toMatchObject(held);
    expect((await ask("GET", "/v1/account", undefined, "key-of-other")).body).toMatchObject({
      ...{ account: "other", lastExecID: 3, orders: [{ clOrdID: "theirs", cumQty: "0" }], positions: [], cash: [] },
    });
  });
});

describe("after kill -9", () => {
  beforeEach(begin);
  afterEach(end);

  it("what was acknowledged rests again, in its place, with what it had left; no trade is told twice", async () => {
    await place({ clOrdID: "first" });
    await place({ clOrdID: "second" });
    exchange.quote("T", "99.98", "99.99", "4");
    const [trade] = await filled(1);
    await restart();
    expect(exchange.lastExecID).toBe(3);
    expect((await ask("GET", "/v1/orders")).body.orders).toMatchObject([
      { clOrdID: "first", leavesQty: "6" },
      { clOrdID: "second", leavesQty: "10" },
    ]);
    exchange.quote("T", "99.96", "99.97", "7");
    const all = await filled(3);
    expect(all.map(({ execID, clOrdID, trade }) => [execID, clOrdID, trade?.lastQty])).toEqual([
      [3, "first", "4"],
      [4, "first", "6"],
      [5, "second", "1"],
    ]);
    expect(all[0]).toEqual(trade);
  });

  it("between accept and ack, the order is there or it never was, and never both", async () => {
    for (let round = 0; round < 8; round++) {
      const clOrdID = `r${round}`;
      const acked = ask("POST", "/v1/orders", newOrder({ clOrdID })).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => setTimeout(resolve, round % 4));
      await restart();
      const { status } = await ask("GET", `/v1/orders/${clOrdID}`);
      if (await acked) expect(status).toBe(200);
      if (status !== 200) expect(status).toBe(404);
      const lines = readFileSync(recordFile(), "utf8").split(`"clOrdID":"${clOrdID}"`).length - 1;
      // In the report, and in the order it holds.
      expect(lines).toBe(status === 200 ? 2 : 0);
    }
  });

  it("a torn last line is dropped with a note, and its number is used again", async () => {
    await place();
    await exchange.kill();
    const whole = readFileSync(recordFile(), "utf8");
    appendFileSync(recordFile(), `${whole.slice(0, 120)}`);
    exchange = await start();
    expect(exchange.notes).toMatch(/record\.jsonl: the last line, 120 bytes, was torn and is dropped/);
    expect(readFileSync(recordFile(), "utf8")).toBe(whole);
    expect(await place({ clOrdID: "c2" })).toMatchObject({ execID: 2, orderID: "P2" });
    await restart();
    expect((await ask("GET", "/v1/orders")).body.orders).toHaveLength(2);
  });

  it("a record that was damaged is not opened", async () => {
    await place();
    await place({ clOrdID: "c2" });
    await exchange.kill();
    const whole = readFileSync(recordFile(), "utf8");
    writeFileSync(recordFile(), whole.replace("100.00", "900.00"));
    await expect(start()).rejects.toThrow(/line 1 is damaged/);
    truncateSync(recordFile(), 0);
    exchange = await start();
  });

  it("two processes never have one record", async () => {
    await expect(start()).rejects.toThrow(/has this record open/);
  });
});

describe("the user stream", () => {
  beforeEach(begin);
  afterEach(end);

  interface Event {
    readonly event: string;
    readonly seq: number;
    readonly report?: ExecutionReport;
  }

  async function listen(events: Event[]): Promise<{ closed: Promise<void>; close: () => void }> {
    return new Promise((resolve, reject) => {
      const request = get(`${exchange.url}/v1/stream`, { headers: { "x-api-key": API_KEY } }, (response) => {
        let rest = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          rest += text;
          for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
            const [, event = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(rest.slice(0, end)) ?? [];
            events.push({ event, ...JSON.parse(data) });
            rest = rest.slice(end + 2);
          }
        });
        response.on("error", () => {});
        const closed = new Promise<void>((gone) => response.on("close", gone));
        resolve({ closed, close: () => request.destroy() });
      });
      request.on("error", reject);
    });
  }

  it("tells each report once, in order, with heartbeats between; its numbers have no gap", async () => {
    const events: Event[] = [];
    const stream = await listen(events);
    await place();
    await ask("POST", "/v1/orders", newOrder({ account: "other" }), "key-of-other");
    exchange.quote("T", "99.98", "99.99", "4");
    await until(
      async () => events,
      (all) => all.filter(({ event }) => event === "report").length >= 2 && all.at(-1)?.event === "heartbeat",
    );
    stream.close();
    expect(events[0]).toMatchObject({ event: "hello", lastExecID: 0 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const reports = events.flatMap(({ report }) => report ?? []);
    expect(reports.map(({ execType, account }) => [execType, account])).toEqual([
      ["NEW", "main"],
      ["TRADE", "main"],
    ]);
  });

  it("drops when the exchange dies; what happened meanwhile is asked for by execution id", async () => {
    const events: Event[] = [];
    const stream = await listen(events);
    await place();
    await until(
      async () => events,
      (all) => all.some(({ event }) => event === "report"),
    );
    const { port } = exchange;
    await exchange.kill();
    await stream.closed;
    exchange = await start(port);
    exchange.quote("T", "99.98", "99.99");
    await filled(1);
    const again: Event[] = [];
    const second = await listen(again);
    await until(
      async () => again,
      (all) => all.length > 1,
    );
    second.close();
    expect(again.every(({ event }) => event !== "report")).toBe(true);
    expect(await executions(1)).toMatchObject([{ execID: 2, clOrdID: "c1" }]);
  });
});
