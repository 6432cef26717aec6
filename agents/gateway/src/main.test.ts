import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { canvas, type Gateway, type GatewayOptions, startGateway } from "./index.ts";

const running: Gateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

async function start(change: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const agents = () => [{ name: "policy", ready: true }];
  const gateway = await startGateway({ port: 0, host: "127.0.0.1", agents, metrics: () => "x 1\n", ...change });
  running.push(gateway);
  return gateway;
}

/** Sends the text as it is and gives back all that comes until the other side ends. */
async function converse(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function dial({ port }: Gateway): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

describe("startGateway", () => {
  it("serves its pages on a free port, to this machine", async () => {
    const gateway = await start();
    const page = async (path: string, method = "GET") => {
      const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method });
      return [response.status, await response.text()];
    };
    expect(await page("/healthz")).toEqual([200, "alive\n"]);
    expect(await page("/readyz")).toEqual([200, '{"ready":true,"agents":[{"name":"policy","ready":true}]}\n']);
    expect(await page("/metrics")).toEqual([200, "x 1\n"]);
    expect((await page("/orders"))[0]).toBe(404);
    expect((await page("/metrics", "POST"))[0]).toBe(405);
  });

  it("asks for readiness at each request", async () => {
    let ready = false;
    const gateway = await start({ agents: () => [{ name: "policy", ready }] });
    const status = async () => (await fetch(`http://127.0.0.1:${gateway.port}/readyz`)).status;
    expect(await status()).toBe(503);
    ready = true;
    expect(await status()).toBe(200);
  });

  it("ends the connection with the answer, also when keeping it was asked for", async () => {
    const gateway = await start();
    const request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n";
    const [head = "", body] = (await converse(await dial(gateway), request)).split("\r\n\r\n");
    expect(head.toLowerCase().split("\r\n")).toEqual(
      expect.arrayContaining(["http/1.1 200 ok", "content-length: 4", "connection: close", "cache-control: no-store"]),
    );
    expect(body).toBe("x 1\n");
  });

  it("answers what is no HTTP with 400", async () => {
    expect(await converse(await dial(await start()), "open the door\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("close lets an answer under way finish", async () => {
    const large = "x 1\n".repeat(2_000_000);
    const asked = Promise.withResolvers<void>();
    const metrics = () => {
      asked.resolve();
      return large;
    };
    const gateway = await start({ metrics });
    const socket = await dial(gateway);
    socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    await asked.promise;
    const closed = gateway.close();
    const page = await converse(socket, "");
    expect(page.length - page.indexOf("\r\n\r\n") - 4).toBe(large.length);
    await closed;
  });

  it("close does not wait for who has connected and asks nothing, and nobody is let in after it", async () => {
    const gateway = await start();
    const silent = await dial(gateway);
    const ended = once(silent, "close");
    silent.resume();
    const startMs = performance.now();
    await gateway.close();
    expect(performance.now() - startMs).toBeLessThan(3_000);
    await ended;
    await expect(dial(gateway)).rejects.toThrow("ECONNREFUSED");
  });

  it("close waits a second at most for who does not read, and cuts that answer off", async () => {
    const gateway = await start({ metrics: () => "x 1\n".repeat(4_000_000) });
    const stuck = await dial(gateway);
    stuck.pause();
    stuck.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(stuck, "readable");
    const startMs = performance.now();
    await gateway.close();
    expect(performance.now() - startMs).toBeLessThan(3_000);
    stuck.destroy();
  });

  it("close may be called twice", async () => {
    const gateway = await start();
    await Promise.all([gateway.close(), gateway.close()]);
  });

  it("refuses a port that is taken, one that is none, and an address of the network", async () => {
    const { port } = await start();
    const code = (value: string) => expect.objectContaining({ code: value });
    await expect(start({ port })).rejects.toThrow(code("PORT_TAKEN"));
    await expect(start({ port: 70_000 })).rejects.toThrow(code("BAD_PORT"));
    const host: string = "0.0.0.0";
    await expect(start({ host: host as "127.0.0.1" })).rejects.toThrow(code("NOT_LOOPBACK"));
  });
});

it("the canvas asks for nothing but to say that it is there", () => {
  expect(canvas).toMatchObject({ agent: "gateway", observes: [], calls: [], serves: [] });
  expect(canvas.publishes.map(({ topic }) => topic)).toEqual(["agents.heartbeat.v1"]);
});
