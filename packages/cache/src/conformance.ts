/** What every adapter of the Cache port must do while its engine is there, as a function that is handed one. Each test gets an empty cache. */
import { CacheError } from "./error.ts";
import type { Cache, FeaturesOf, Mark, RateLimitOptions } from "./port.ts";

export interface CacheHarness {
  /** Ready to answer. */
  open(options: ConformanceOptions): Promise<Cache>;
  sleep(ms: number): Promise<void>;
}

interface ConformanceOptions {
  readonly rateLimit: Omit<RateLimitOptions, "scope" | "replicas">;
  readonly featuresTtlMs?: number;
  readonly marksTtlMs?: number;
}

interface TestApi {
  it(name: string, test: () => Promise<void>): void;
  equal(actual: unknown, expected: unknown): void;
}

const of: FeaturesOf = { strategy: "trend@12ab", symbol: "AAPL" };
const mark = (seq: bigint, part: Partial<Mark> = {}): Mark => ({
  price: { units: 10_001n + (seq % 7n), scale: 2 },
  eventTimeMs: 1_700_000_000_000,
  msgId: `quote ${seq}`,
  seq,
  ...part,
});
/** So slow that nothing comes back during a test. */
const frozen = { perSecond: 0.001, burst: 10 };

export function cacheConformance({ open, sleep }: CacheHarness, { it, equal }: TestApi): void {
  const withCache = (
    name: string,
    test: (cache: Cache) => Promise<void>,
    options: ConformanceOptions = { rateLimit: frozen },
  ) =>
    it(name, async () => {
      const cache = await open(options);
      try {
        await test(cache);
      } finally {
        await cache.close();
      }
    });

  withCache("knows nothing at first", async ({ features, marks, state }) => {
    equal(state(), "up");
    equal(await features.get(of), undefined);
    equal(await marks.get("AAPL"), undefined);
  });

  withCache("gives back a mark and a vector as they were", async ({ features, marks }) => {
    const extremes = mark(2n ** 64n - 1n, { price: { units: 2n ** 62n, scale: 9 }, msgId: 'ü"\\ 😀' });
    equal(await marks.put("BTC:USD/ü", extremes), "stored");
    equal(await marks.get("BTC:USD/ü"), extremes);
    const vector = { eventTimeMs: 0, values: { rsi: 71.25, "µ:σ": -1e-300, zero: 0, ["__proto__"]: 1 } };
    equal(await features.put(of, vector), "stored");
    equal(await features.get(of), vector);
  });

  withCache("keeps apart what is written apart, whatever is in the names", async ({ features, marks }) => {
    const names: FeaturesOf[] = [
      { strategy: "a", symbol: "b:c" },
      { strategy: "a:b", symbol: "c" },
      { strategy: "a%3Ab", symbol: "c" },
      { strategy: "", symbol: "\ud800" },
      { strategy: "", symbol: "\ufffd" },
    ];
    for (const [n, name] of names.entries()) await features.put(name, { eventTimeMs: n, values: { n } });
    const last = names.length - 1;
    for (const [n, name] of names.slice(0, 3).entries()) equal((await features.get(name))?.values, { n });
    // Half of a character is no name that could be kept apart: it is unknown, not another's value.
    equal(await features.get(names[last - 1]!), undefined);
    equal(await marks.get("c"), undefined);
  });

  withCache("moves a mark forward only, by its seq, which no double can hold", async ({ marks }) => {
    const high = 2n ** 63n;
    equal(await marks.put("AAPL", mark(high)), "stored");
    equal(await marks.put("AAPL", mark(high - 1n)), "kept");
    equal(await marks.put("AAPL", mark(high, { msgId: "another" })), "kept");
    equal(await marks.get("AAPL"), mark(high));
    equal(await marks.put("AAPL", mark(high + 1n)), "stored");
    equal(await marks.get("AAPL"), mark(high + 1n));
    equal(await marks.put("MSFT", mark(1n)), "stored");
  });

  withCache("ends with the newest of marks that are written at once, in any order", async ({ marks }) => {
    const seqs = Array.from({ length: 200 }, (_, n) => BigInt((n * 71) % 200) + 1n);
    await Promise.all(seqs.map((seq) => marks.put("AAPL", mark(seq))));
    equal(await marks.get("AAPL"), mark(200n));
  });

  withCache("moves features forward only, by event time", async ({ features }) => {
    equal(await features.put(of, { eventTimeMs: 20, values: { a: 1 } }), "stored");
    equal(await features.put(of, { eventTimeMs: 10, values: { a: 2 } }), "kept");
    equal(await features.get(of), { eventTimeMs: 20, values: { a: 1 } });
  });

  withCache("writes nothing that could not be read back, and counts it", async ({ features, marks, counts }) => {
    const bad = [
      () => features.put(of, { eventTimeMs: 1, values: { rsi: Number.NaN } }),
      () => features.put(of, { eventTimeMs: Number.NaN, values: {} }),
      () => features.put(of, { eventTimeMs: 1, values: { ["x".repeat(70_000)]: 1 } }),
      () => marks.put("AAPL", mark(1n, { price: { units: 0n, scale: 2 } })),
      () => marks.put("AAPL", mark(1n, { price: { units: 1n, scale: 10 } })),
      () => marks.put("AAPL", mark(-1n)),
      () => marks.put("AAPL", mark(2n ** 70n)),
    ];
    for (const put of bad) equal(await put(), "dropped");
    equal(counts().droppedWrites, bad.length);
    equal(await features.get(of), undefined);
    equal(await marks.get("AAPL"), undefined);
  });

  withCache(
    "forgets what nobody renews",
    async ({ features, marks }) => {
      await marks.put("AAPL", mark(9n));
      await features.put(of, { eventTimeMs: 9, values: {} });
      await sleep(60);
      equal(await marks.get("AAPL"), undefined);
      equal(await features.get(of), undefined);
      // A feed that was set up anew counts from one.
      equal(await marks.put("AAPL", mark(1n)), "stored");
    },
    { rateLimit: frozen, marksTtlMs: 50, featuresTtlMs: 50 },
  );

  withCache("allows a burst and no more, to each identity", async ({ rateLimit }) => {
    const answers = await Promise.all(Array.from({ length: 15 }, () => rateLimit.take("portfolio")));
    equal(answers.filter(({ allowed }) => allowed).length, 10);
    equal((await rateLimit.take("hedger")).allowed, true);
  });

  withCache("takes all of a cost or nothing", async ({ rateLimit }) => {
    equal((await rateLimit.take("a", 6)).allowed, true);
    equal((await rateLimit.take("a", 5)).allowed, false);
    equal((await rateLimit.take("a", 4)).allowed, true);
    equal((await rateLimit.take("a")).allowed, false);
  });

  withCache("leases what there is", async ({ rateLimit }) => {
    equal(await rateLimit.lease("a", 7), { tokens: 7, retryAfterMs: 0 });
    equal(await rateLimit.lease("a", 7), { tokens: 3, retryAfterMs: 0 });
    const { tokens, retryAfterMs } = await rateLimit.lease("a", 7);
    equal([tokens, retryAfterMs > 900_000, retryAfterMs <= 1_000_000], [0, true, true]);
  });

  withCache(
    "refills by time, and says when",
    async ({ rateLimit }) => {
      equal((await rateLimit.take("a", 2)).allowed, true);
      const { allowed, retryAfterMs } = await rateLimit.take("a");
      equal([allowed, retryAfterMs > 0, retryAfterMs <= 200], [false, true, true]);
      await sleep(retryAfterMs + 2);
      equal((await rateLimit.take("a")).allowed, true);
      equal((await rateLimit.take("a")).allowed, false);
      await sleep(700);
      equal((await rateLimit.take("a", 2)).allowed, true);
      equal((await rateLimit.take("a")).allowed, false);
    },
    { rateLimit: { perSecond: 5, burst: 2 } },
  );

  withCache("refuses a cost that could never be met: BAD_COST", async ({ rateLimit }) => {
    for (const cost of [0, -1, 0.5, 11, Number.NaN, Number.POSITIVE_INFINITY]) {
      equal(await codeOf(rateLimit.take("a", cost)), "BAD_COST");
      equal(await codeOf(rateLimit.lease("a", cost)), "BAD_COST");
    }
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error) => (error instanceof CacheError ? error.code : String(error)),
  );
}
