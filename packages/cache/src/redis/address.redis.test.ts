import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:tls";
import { inspect } from "node:util";
import { makeAuthority } from "@countersign/certificates";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { newPlatform, openUp } from "../../test/open.ts";
import { OwnRedis, until } from "../../test/server.ts";
import type { Cache } from "../port.ts";
import { openRedisCache } from "./redis-cache.ts";
import { readRedisUrl } from "./url.ts";

const rateLimit = { scope: "test", perSecond: 1, burst: 1, replicas: 1 };
const nowMs = () => performance.now();

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function start(...settings: string[]): Promise<OwnRedis> {
  const server = await OwnRedis.start(...settings);
  open.push(server);
  return server;
}

function closing(cache: Cache): Cache {
  open.unshift({ stop: () => cache.close() });
  return cache;
}

describe("the address of Redis", () => {
  it("is read whole", () => {
    expect(readRedisUrl("rediss://ana:p%40ss%3A@redis.example:7000/3")).toEqual({
      host: "redis.example",
      port: 7000,
      username: "ana",
      password: "p@ss:",
      db: 3,
      isTls: true,
    });
    expect(readRedisUrl("redis://[::1]")).toMatchObject({ host: "::1", port: 6379, db: 0, isTls: false });
  });

  it.each([
    "http://:hunter2@redis.example",
    "redis://:hunter2@redis.example/first",
    // The client would let it override what the code decides.
    "redis://:hunter2@redis.example?enableOfflineQueue=true",
    "redis://:hunter2%@redis.example",
    "redis://:hunter2@redis.example:99999",
    "redis://:hunter2@",
    "hunter2",
  ])("that is none is refused without being repeated: %s", (url) => {
    const opening = () => openRedisCache({ url, platform: newPlatform(), rateLimit, nowMs });
    expect(opening).toThrow(expect.objectContaining({ code: "BAD_URL" }));
    expect(opening).not.toThrow(/hunter2/);
  });
});

describe("a Redis with a password", () => {
  it("is opened by the password in the URL, which is nowhere to be seen", async () => {
    const server = await start("--requirepass", "hunter2-é:@/");
    const right = server.url.replace("//", `//:${encodeURIComponent("hunter2-é:@/")}@`);
    const cache = closing(await openUp({ url: right }));
    expect((await cache.rateLimit.take("a")).allowed).toBe(true);
    expect(inspect(cache, { depth: 20, showHidden: true })).not.toContain("hunter2");
  });

  const wrong = async (reason: RegExp, ...settings: string[]) => {
    const server = await start(...settings);
    const told: string[] = [];
    const cache = closing(
      openRedisCache({
        url: server.url.replace("//", "//:hunter2@"),
        platform: newPlatform(),
        rateLimit,
        nowMs,
        onState: (state, why) => told.push(`${state}: ${why}`),
      }),
    );
    await sleep(700);
    expect(cache.state()).toBe("down");
    expect(await cache.marks.get("AAPL")).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(reason)]);
  };

  it("stays down with a wrong one, and says so once", async () => {
    await wrong(/^down: WRONGPASS/, "--requirepass", "right");
  });

  it("is not told by a server that repeats what it was asked", async () => {
    await wrong(
      /^down: .*unknown command 'auth'.*\*\*\*/,
      "--rename-command",
      "HELLO",
      "",
      "--rename-command",
      "AUTH",
      "",
    );
  });
});

describe("rediss://", () => {
  it("believes the authority that is given, and no other", async () => {
    const made = () => makeAuthority({ name: "redis", fromMs: Date.now() - 60_000, days: 1 });
    const authority = made();
    const { cert, key } = authority.issue("127.0.0.1");
    const behind = await start();
    const door = createServer({ cert: Buffer.from(cert), key: Buffer.from(key) }, (outside) => {
      const inside = connect(Number(new URL(behind.url).port), "127.0.0.1");
      outside.pipe(inside).pipe(outside);
      for (const one of [outside, inside]) one.on("error", () => {});
    });
    door.on("tlsClientError", () => {});
    await once(door.listen(0, "127.0.0.1"), "listening");
    open.push({ stop: async () => void door.close() });
    const url = `rediss://127.0.0.1:${(door.address() as AddressInfo).port}`;
    expect(closing(await openUp({ url, ca: authority.ca })).state()).toBe("up");
    const unbelieving = closing(openRedisCache({ url, ca: made().ca, platform: newPlatform(), rateLimit, nowMs }));
    await sleep(500);
    expect(unbelieving.state()).toBe("down");
  });

  it("is never spoken in the clear: a server without TLS stays away", async () => {
    const server = await start();
    const url = server.url.replace("redis:", "rediss:");
    const cache = closing(openRedisCache({ url, platform: newPlatform(), rateLimit, nowMs }));
    await sleep(500);
    expect(cache.state()).toBe("down");
    // In the clear the same server answers.
    expect(closing(await openUp({ url: server.url })).state()).toBe("up");
  });
});

describe("a password that changes", () => {
  it("is asked for when the connection breaks: the new one is shown, without a new cache", async () => {
    const server = await start("--requirepass", "first");
    let url = server.url.replace("//", "//:first@");
    const cache = closing(await openUp({ url: () => url }));
    const admin = new Redis(url);
    await admin.config("SET", "requirepass", "second");
    url = server.url.replace("//", "//:second@");
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until(() => cache.counts().outages === 1, "the connection broke");
    await until(() => cache.state() === "up", "the cache is up again");
    expect((await cache.rateLimit.take("a")).allowed).toBe(true);
    admin.disconnect();
  });
});
