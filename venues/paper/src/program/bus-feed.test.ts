/** The exchange in this process, with its market from the platform's own bus. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Mode, QuoteSchema } from "@countersign/contracts";
import { parseInstruments } from "@countersign/orders";
import { Rig } from "@countersign/runtime/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ExecutionReport } from "../wire.ts";
import { busFeed } from "./bus-feed.ts";
import { type RunningExchange, startExchange } from "./program.ts";
import { API_KEY, newOrder } from "./testing.ts";

const row = { symbol: "T", currency: "USD", priceScale: 2, tick: "0.01", quantityScale: 0, lot: "1" };
const market = { halfSpread: "0.01", topSize: "100", feeBps: "1", tradingDaysPerYear: 252, tradingHoursPerDay: 6.5 };
const instruments = parseInstruments([{ ...row, ...market }]);

describe("quotes of the bus", () => {
  let dir: string;
  let rig: Rig;
  let exchange: RunningExchange;
  const notes: string[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "bus-feed-"));
    rig = await Rig.open();
    rig.grant("market", "market.quote market.quotes.v1");
    rig.grant("hedger", "hedge.placed hedges.v1");
    const { bus, keys } = rig;
    const feed = busFeed({ bus, keys, mode: Mode.REPLAY, nowMs: () => rig.scheduler.nowMs(), instruments });
    const accounts = new Map([[API_KEY, { account: "main" }]]);
    const onFailure = (error: unknown) => {
      throw error;
    };
    const note = (text: string) => void notes.push(text);
    const options = { dir, listen: "127.0.0.1:0", instruments, accounts, feed, latencyMs: 0, note, onFailure };
    exchange = await startExchange(options);
  });
  afterEach(async () => {
    await exchange.close();
    rmSync(dir, { recursive: true });
  });

  const say = (sender: string) =>
    rig.say({
      ...{ sender, topic: "market.quotes.v1", key: "T", type: "market.quote" },
      payload: create(QuoteSchema, {
        ...{ symbol: "T", bidUnits: 9_998n, askUnits: 9_999n, priceScale: 2, quantityScale: 0 },
        ...{ bidSizeUnits: 4n, askSizeUnits: 4n, eventTimeMs: 1n },
      }),
    });
  const ask = async (path: string, init: object = {}): Promise<{ executions: ExecutionReport[] }> => {
    const response = await fetch(`${exchange.url}${path}`, { headers: { "x-api-key": API_KEY }, ...init });
    return (await response.json()) as { executions: ExecutionReport[] };
  };

  it("fill orders, at the exchange's own time; those that nobody may say do not", async () => {
    await ask("/v1/orders", { method: "POST", body: JSON.stringify(newOrder()) });
    await say("hedger");
    expect((await ask("/v1/executions")).executions).toEqual([]);
    expect(notes.at(-1)).toMatch(/a quote is refused: /);
    const beforeMs = Date.now();
    await say("market");
    const { executions } = await ask("/v1/executions");
    expect(executions).toMatchObject([{ trade: { lastQty: "4", lastPx: "99.99", quote: { eventTimeMs: 1 } } }]);
    expect(executions[0]?.transactTimeMs).toBeGreaterThanOrEqual(beforeMs);
  });
});
