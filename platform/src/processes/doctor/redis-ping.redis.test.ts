import { once } from "node:events";
import { createServer } from "node:net";
import { expect, inject, it } from "vitest";
import { redisTrouble } from "./redis-ping.ts";

it("a Redis that answers is no trouble", async () => {
  expect(await redisTrouble(inject("redis"))).toBe(undefined);
});

it("what it refuses, and what is none, is said in one line", async () => {
  const url = new URL(inject("redis"));
  url.username = "nobody";
  url.password = "p ä";
  expect(await redisTrouble(url.href)).toMatch(/^WRONGPASS /);
  expect(await redisTrouble("127.0.0.1:6379")).toMatch(/^it /);
  expect(await redisTrouble("http://127.0.0.1")).toBe("it begins with http: instead of redis: or rediss:");
  expect(await redisTrouble("redis://127.0.0.1:1")).toContain("ECONNREFUSED");
  const closing = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(closing, "listening");
  const { port } = closing.address() as { port: number };
  expect(await redisTrouble(`redis://127.0.0.1:${port}`)).toBe("it closed the connection");
  closing.close();
});
