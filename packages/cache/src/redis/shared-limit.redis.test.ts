import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newPlatform, openUp } from "../../test/open.ts";
import { type RedisServer, redisServer } from "../../test/server.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await redisServer();
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** Of Redis's own clock, the one that counts. */
async function nowUs(): Promise<number> {
  const [seconds, micros] = await admin.time();
  return Number(seconds) * 1e6 + Number(micros);
}

describe("one limit for all replicas", () => {
  it(`of two connections: never above limit × time + burst, and never a token less (seed ${seed})`, async () => {
    console.log(`shared-limit seed ${seed}`);
    const cases = fc.record({
      perSecond: fc.constantFrom(0.5, 3, 7, 100, 333, 999),
      costs: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      isLease: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ perSecond, costs, isLease }) => {
        // Once it was emptied it is not full again before the test is over: then not a token can flow over, and none may be missing.
        const burst = Math.ceil(60 + perSecond * 60);
        const limit = { scope: "test", perSecond, burst, replicas: 2 };
        const platform = newPlatform();
        const one = await openUp({ url: server.url, platform, rateLimit: limit });
        const other = await openUp({ url: server.url, platform, rateLimit: limit });
        const outerUs = await nowUs();
        let { tokens: allowed } = await one.rateLimit.lease("portfolio", burst);
        expect(allowed).toBe(burst);
        const innerUs = await nowUs();
        const endMs = performance.now() + 60;
        await Promise.all(
          [one, other, one, other].map(async ({ rateLimit }) => {
            for (let n = 0; performance.now() < endMs; n++) {
              const cost = costs[n % costs.length] ?? 1;
              // Not `allowed += await …`, which reads before it waits: of several at once one would count.
              const granted = isLease
                ? (await rateLimit.lease("portfolio", cost)).tokens
                : Number((await rateLimit.take("portfolio", cost)).allowed) * cost;
              allowed += granted;
            }
          }),
        );
        const innerSeconds = ((await nowUs()) - innerUs) / 1e6;
        const { tokens: left } = await other.rateLimit.lease("portfolio", burst);
        allowed += left;
        const outerSeconds = ((await nowUs()) - outerUs) / 1e6;
        for (const cache of [one, other]) {
          expect(cache.counts()).toMatchObject({ localTakes: 0, outages: 0 });
          await cache.close();
        }
        expect(allowed).toBeLessThanOrEqual(burst + perSecond * outerSeconds);
        expect(allowed).toBeGreaterThan(burst + perSecond * innerSeconds - 1.01);
      }),
      { seed, numRuns: 25 },
    );
  });

  it("of two processes, which ask without a pause", async () => {
    const [perSecond, burst, forMs] = [200, 5_000, 1_000];
    const platform = newPlatform();
    const limit = { scope: "test", perSecond, burst, replicas: 2 };
    const { rateLimit, close } = await openUp({ url: server.url, platform, rateLimit: limit });
    const replicas = [1, 2].map(() => {
      const script = fileURLToPath(new URL("../../test/replica.ts", import.meta.url));
      const args = [server.url, platform, perSecond, burst, forMs].map(String);
      const child = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    });
    try {
      for (const { lines } of replicas) expect((await lines.next()).value).toBe("ready");
      const outerUs = await nowUs();
      const taken = [await rateLimit.lease("portfolio", burst)];
      const innerUs = await nowUs();
      for (const { child } of replicas) child.stdin.end("go\n");
      const said = await Promise.all(replicas.map(async ({ lines }) => JSON.parse(String((await lines.next()).value))));
      const innerSeconds = ((await nowUs()) - innerUs) / 1e6;
      taken.push(await rateLimit.lease("portfolio", burst));
      const outerSeconds = ((await nowUs()) - outerUs) / 1e6;
      for (const one of said) expect(one).toMatchObject({ localTakes: 0, outages: 0, allowed: expect.any(Number) });
      const allowed = [...taken.map(({ tokens }) => tokens), ...said.map((one) => one.allowed)].reduce((a, b) => a + b);
      expect(allowed).toBeLessThanOrEqual(burst + perSecond * outerSeconds);
      expect(allowed).toBeGreaterThan(burst + perSecond * innerSeconds - 1.01);
      // Each had its part: it was not one of them alone.
      for (const one of said) expect(one.allowed).toBeGreaterThan(0);
    } finally {
      await close();
      for (const { child } of replicas) {
        if (child.exitCode === null) {
          child.kill("SIGKILL");
          await once(child, "exit");
        }
      }
    }
  });
});
