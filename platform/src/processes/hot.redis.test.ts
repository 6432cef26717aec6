/** A process and its Redis, which is killed in the middle: the pipeline answers on, and no limit is passed. */
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { LeasedRateLimit, openRedisCache } from "@countersign/cache";
import { HedgeQuoteRequestSchema, HedgeQuoteSchema, QuoteSchema } from "@countersign/contracts";
import { type RedisServer, redis } from "@countersign/engines";
import { type Agent, MemoryStore, noView, RpcError } from "@countersign/runtime";
import { canvasOf, Rig } from "@countersign/runtime/testing";
import { Metrics } from "@countersign/telemetry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHot } from "./hot.ts";
import type { Observed } from "./observe.ts";

const CALL = "HedgerService.Quote";
const nowMs = () => performance.now();
const closing: (() => unknown)[] = [];
let server: RedisServer;

beforeEach(async () => {
  // One of its own, to be killed: never the one that tests share.
  const shared = process.env.COUNTERSIGN_REDIS;
  delete process.env.COUNTERSIGN_REDIS;
  server = await redis();
  if (shared !== undefined) process.env.COUNTERSIGN_REDIS = shared;
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await server[Symbol.asyncDispose]();
});

/** Answers whoever may ask. */
const desk: Agent<number> = {
  canvas: canvasOf("desk", {
    serves: [CALL],
  }),
  keyOf: () => "all",
  initial: () => 0,
  decide: (state) => ({
    state: state + 1,
    effects: [{ kind: "reply", type: "hedge.quote", payload: create(HedgeQuoteSchema, {}), intent: "QUOTE" }],
  }),
  view: noView,
};

describe("two replicas whose Redis is killed", () => {
  const rate = { scope: "desk", perSecond: 40, burst: 40, replicas: 2 };
  const leaseMs = 200;

  async function replica(name: string, store: MemoryStore, caller: Rig) {
    const rig = await Rig.open();
    rig.grant("desk", `hedge.quote ${CALL}`, "decision.refused audit.records.v1");
    rig.grant("friend", `hedge.quote-request ${CALL}`);
    const cache = openRedisCache({ url: server.url, platform: "one", rateLimit: rate, nowMs });
    closing.push(() => cache.close());
    const limit = new LeasedRateLimit({ limiter: cache.rateLimit, chunk: 5, leaseMs, nowMs });
    const host = await rig.host(desk, { store, fold: "together", limit });
    const payload = create(HedgeQuoteRequestSchema, { symbol: "SPX" });
    let asked = 0;
    /** RATE_LIMITED, or answered. */
    const ask = async (): Promise<boolean> => {
      const say = {
        sender: "friend",
        topic: CALL,
        type: "hedge.quote-request",
        idempotencyKey: `${name} ${asked++}`,
        payload,
      };
      try {
        await rig.rpc.call(CALL, "desk", caller.sealed(say).bytes);
        return true;
      } catch (error) {
        expect(error instanceof RpcError && error.message).toMatch(/RATE_LIMITED/);
        return false;
      }
    };
    return { host, cache, ask };
  }

  it("answer on, each with its share, and together never pass the limit", async () => {
    const [store, caller] = [new MemoryStore(), await Rig.open()];
    const replicas = [await replica("a", store, caller), await replica("b", store, caller)];
    for (const { cache } of replicas) await expect.poll(() => cache.state(), { timeout: 10_000 }).toBe("up");
    /** Both ask without a pause; answers how many were allowed, and in how long. */
    const flood = async (forMs: number) => {
      const [begun, seen] = [nowMs(), { allowed: 0, refused: 0 }];
      await Promise.all(
        replicas.map(async ({ ask }) => {
          while (nowMs() - begun < forMs) {
            seen[(await ask()) ? "allowed" : "refused"]++;
            await wait(2);
          }
        }),
      );
      return { ...seen, seconds: (nowMs() - begun) / 1_000 };
    };
    const before = await flood(1_500);
    await server.kill();
    const after = await flood(1_500);
    console.log(`with Redis ${JSON.stringify(before)}, without ${JSON.stringify(after)}`);
    const most = (seconds: number) => rate.burst + rate.perSecond * (seconds + leaseMs / 1_000);
    expect(before.allowed).toBeLessThanOrEqual(most(before.seconds));
    // The change may cost one burst more, and no more than that.
    expect(before.allowed + after.allowed).toBeLessThanOrEqual(rate.burst + most(before.seconds + after.seconds));
    expect(after.allowed).toBeLessThanOrEqual(most(after.seconds));
    // It trades on: at least most of what the shares allow, and what is too much is still refused.
    expect(after.allowed).toBeGreaterThan(0.5 * rate.perSecond * after.seconds);
    expect(after.refused).toBeGreaterThan(0);
    for (const { cache, host } of replicas) {
      expect(cache.state()).toBe("down");
      expect(host.refusals.get("RATE_LIMITED")).toBeGreaterThan(0);
    }
  });
});

describe("marks and features", () => {
  it("are there for readers outside, and gone without Redis, while the view goes on", async () => {
    const metrics = new Metrics({ agent: "policy" });
    closing.push(() => metrics.close());
    const lines: string[] = [];
    const observed = { metrics, log: (line: string) => void lines.push(line) } as unknown as Observed;
    const secrets = () => ({ redis: server.url });
    const hot = openHot({
      dir: "/nowhere",
      name: "policy",
      replicas: 1,
      platform: "two",
      secrets,
      observed,
      environment: {},
    })!;
    closing.push(() => hot.close());
    const folded: bigint[] = [];
    const view = hot.marking({ ...noView, fold: (_, { ref }) => void folded.push(ref.seq) });
    hot.reading(["AAPL", "MSFT"]);
    const quote = (seq: bigint) => {
      const value = create(QuoteSchema, {
        symbol: "AAPL",
        bidUnits: 9_999n,
        askUnits: 10_002n,
        priceScale: 2,
        eventTimeMs: BigInt(Date.now()),
      });
      view.fold(undefined, { type: "market.quote", value, ref: { msgId: "m", seq, digest: new Uint8Array() } });
    };
    const page = () => metrics.render("text");
    const cache = openRedisCache({
      url: server.url,
      platform: "two",
      rateLimit: { scope: "reader", perSecond: 1, burst: 1, replicas: 1 },
      nowMs,
    });
    closing.push(() => cache.close());
    let seq = 1n;
    await expect
      .poll(
        async () => {
          quote(seq++);
          return (await cache.marks.get("AAPL"))?.price;
        },
        { timeout: 10_000, interval: 100 },
      )
      .toEqual({ units: 100_005n, scale: 3 });
    await expect.poll(page, { timeout: 10_000 }).toMatch(/countersign_mark_age_seconds\{symbol="AAPL"/);
    expect(await page()).toMatch(/countersign_cache_up\{agent="policy"\} 1/);
    await server.kill();
    await expect.poll(page, { timeout: 10_000 }).toMatch(/countersign_cache_up\{agent="policy"\} 0/);
    await expect.poll(page, { timeout: 10_000 }).not.toMatch(/countersign_mark_age_seconds\{/);
    quote(seq++);
    expect(folded.length).toBe(Number(seq) - 1);
    expect(lines.some((line) => line.startsWith("cache down"))).toBe(true);
  });
});
