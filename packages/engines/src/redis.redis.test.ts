import { once } from "node:events";
import { connect } from "node:net";
import { expect, inject, it } from "vitest";
import { redis } from "./index.ts";

async function ask(url: string, command: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`${command}\r\n`);
  const [answer] = await once(socket, "data");
  socket.destroy();
  return String(answer).trim();
}

it("the server the tests share answers", async () => {
  expect(await ask(inject("redis"), "PING")).toBe("+PONG");
});

it.runIf(process.env.COUNTERSIGN_REDIS === undefined)(
  "a Redis started here is killed and started again, empty, on its port",
  async () => {
    await using server = await redis();
    await ask(server.url, "SET a 1");
    expect(await ask(server.url, "EXISTS a")).toBe(":1");
    await server.kill();
    expect(server.pid).toBe(undefined);
    await expect(ask(server.url, "PING")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    expect(await ask(server.url, "EXISTS a")).toBe(":0");
  },
);
