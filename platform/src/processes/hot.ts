/**
 * What a process shares by Redis, if the cluster has one: what is hot and may be lost. Policy writes the latest marks, Signal the features
 * of what it says, for readers outside the decision; every host's rate limits are those of all its replicas together. No decision reads
 * any of it, and without Redis each process goes on with its own share of the limits.
 *
 *   COUNTERSIGN_REDIS      redis[s]://[user][:password@]host[:port][/db], before `redis` in `secrets.json`
 */
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type Cache, CacheError, LeasedRateLimit, type Mark, openRedisCache } from "@countersign/cache";
import { BodySchema, type Signal, SignalSchema, SignedSchema } from "@countersign/contracts";
import { RATE, type RateLimiter, type ViewOf } from "@countersign/runtime";
import { InputError } from "../inputs.ts";
import type { Secrets } from "./cluster.ts";
import { redisCa } from "./credentials.ts";
import type { Observed } from "./observe.ts";
import type { WatchedBus } from "./watched-bus.ts";

export interface Hot {
  /** Of this agent's callers and commanders. */
  readonly limit: RateLimiter;
  /** The same view; what it folds of quotes becomes the latest marks. */
  marking<V>(view: ViewOf<V>): ViewOf<V>;
  /** What Signal says on this bus becomes the latest features. */
  describing(bus: WatchedBus): void;
  /** Reads the marks as anybody outside would, and how old they are goes to the metrics. */
  reading(symbols: readonly string[]): void;
  close(): Promise<void>;
}

export interface HotOptions {
  readonly name: string;
  /** Processes that answer for this agent: without Redis each allows its share. */
  readonly replicas: number;
  readonly platform: string;
  readonly dir: string;
  readonly secrets: () => Secrets;
  readonly observed: Observed;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Tokens per fetch: a sender at the full rate asks twenty times a second, and one that lies idle holds a twentieth of a second back. */
const CHUNK = 100;
/** A mark is written at most so often: who reads it from outside cannot act faster. */
const MARK_EVERY_MS = 200;
const READ_EVERY_MS = 2_000;

/** Undefined where no Redis is named. It is not waited for. @throws InputError for an address or a number that is none */
export function openHot(options: HotOptions): Hot | undefined {
  const { dir, environment, secrets } = options;
  const given = environment.COUNTERSIGN_REDIS;
  const url = () => given ?? secrets().redis ?? "";
  if (url() === "") return undefined;
  try {
    return open(url, options);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    const where = given === undefined ? `${join(dir, "secrets.json")}: redis` : "COUNTERSIGN_REDIS";
    throw new InputError("BAD_OPTION", `${where}: ${error.message}`, { cause: error });
  }
}

function open(url: () => string, { name, replicas, platform, dir, observed }: HotOptions): Hot {
  const nowMs = () => performance.now();
  const cache = openRedisCache({
    url,
    ca: redisCa(dir),
    platform,
    rateLimit: { scope: name, ...RATE, replicas },
    nowMs,
    onState: (state, reason) => observed.log(`cache ${state}: ${reason}`),
  });
  observed.metrics.watch({ cacheUp: () => cache.state() === "up" });
  const timers: NodeJS.Timeout[] = [];
  return {
    limit: new LeasedRateLimit({ limiter: cache.rateLimit, chunk: CHUNK, nowMs }),
    marking(view) {
      const waiting = new Map<string, Mark>();
      timers.push(setInterval(() => writeMarks(cache, waiting), MARK_EVERY_MS).unref());
      return {
        create: () => view.create(),
        snapshot: (value) => view.snapshot(value),
        restore: (snapshot) => view.restore(snapshot),
        fold(value, message) {
          const mark = markOf(message);
          if (mark !== undefined) waiting.set(message.value.symbol ?? "", mark);
          return view.fold(value, message);
        },
      };
    },
    describing(bus) {
      bus.onPublished("signals.market.v1", (envelope) => void writeFeatures(cache, envelope));
    },
    reading(symbols) {
      let ages: readonly (readonly [string, number])[] = [];
      observed.metrics.watch({ markAgeSeconds: () => ages });
      const read = async () => {
        ages = await agesOf(cache, symbols);
      };
      timers.push(setInterval(read, READ_EVERY_MS).unref());
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await cache.close();
    },
  };
}

function writeMarks(cache: Cache, waiting: Map<string, Mark>): void {
  for (const [symbol, mark] of waiting) void cache.marks.put(symbol, mark);
  waiting.clear();
}

/** The middle of bid and ask, exactly: one decimal more than theirs. Undefined for what names no price. */
function markOf({ type, value, ref }: Parameters<ViewOf<unknown>["fold"]>[1]): Mark | undefined {
  if (type !== "market.quote") return undefined;
  const { bidUnits, askUnits, priceScale, eventTimeMs } = value;
  if (bidUnits === undefined || askUnits === undefined || priceScale === undefined || eventTimeMs === undefined)
    return undefined;
  if (bidUnits <= 0n || askUnits < bidUnits || priceScale > SCALE_MAX) return undefined;
  const price = { units: (bidUnits + askUnits) * 5n, scale: priceScale + 1 };
  return { price, eventTimeMs: Number(eventTimeMs), msgId: ref.msgId, seq: ref.seq };
}

async function writeFeatures(cache: Cache, envelope: Uint8Array): Promise<void> {
  const { payload } = fromBinary(SignedSchema, envelope);
  const body = fromBinary(BodySchema, payload ?? new Uint8Array());
  const { strategy, symbol, features }: Signal = fromBinary(SignalSchema, body.payload ?? new Uint8Array());
  if (strategy === undefined || symbol === undefined || body.sentAtMs === undefined) return;
  const values = features.flatMap(({ name, value }) => (name && value !== undefined ? [[name, value] as const] : []));
  const vector = { eventTimeMs: Number(body.sentAtMs), values: Object.fromEntries(values) };
  await cache.features.put({ strategy, symbol }, vector);
}

/** Of those that are known. */
async function agesOf(cache: Cache, symbols: readonly string[]): Promise<readonly (readonly [string, number])[]> {
  const marks = await Promise.all(symbols.map((symbol) => cache.marks.get(symbol)));
  return symbols.flatMap((symbol, n) => {
    const mark = marks[n];
    return mark === undefined ? [] : [[symbol, (Date.now() - mark.eventTimeMs) / 1_000] as const];
  });
}

/** Of the platform's numbers 9; a mark takes one decimal more than its quote. */
const SCALE_MAX = 8;
