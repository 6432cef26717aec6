import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openPair, outcomeOf, VALIDATE, VOTE } from "../test/pair.ts";
import { rawClient } from "../test/raw.ts";
import { GrpcRpc } from "./index.ts";

const deadline = { deadlineMs: 10_000 };
const one = Uint8Array.of(1);

/** A handler that answers when it is let go, and a promise that it has begun. */
function gate() {
  const [begun, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handler = async (request: Uint8Array) => {
    begun.resolve();
    await opened.promise;
    return request;
  };
  return { handler, begun: begun.promise, open: () => opened.resolve() };
}

it("a server that closes finishes what runs, and takes nothing new", async () => {
  await using pair = await openPair();
  const { handler, begun, open } = gate();
  pair.server.serve(VALIDATE, "policy", handler);
  const running = outcomeOf(pair.client.call(VALIDATE, "policy", one, deadline));
  await begun;
  const closed = pair.server.close(10_000);
  await sleep(50); // for the connection's goodbye to arrive
  const late = outcomeOf(pair.client.call(VALIDATE, "policy", one, { deadlineMs: 1_000 }));
  expect(await late).toMatch(/^UNAVAILABLE/);
  open();
  expect(await running).toBe("answered");
  await closed;
});

it("what does not finish in time is cut, and its caller is told", async () => {
  await using pair = await openPair();
  const { handler, begun } = gate();
  pair.server.serve(VALIDATE, "policy", handler);
  const running = outcomeOf(pair.client.call(VALIDATE, "policy", one, deadline));
  await begun;
  const began = performance.now();
  await pair.server.close(200);
  expect(performance.now() - began).toBeGreaterThan(190);
  expect(await running).toMatch(/^UNAVAILABLE/);
  expect(performance.now() - began).toBeLessThan(4_000);
});

it("an open watch of its health does not hold it", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  await new Promise<void>((resolve) => raw.watch("/grpc.health.v1.Health/Watch", Uint8Array.of(), () => resolve()));
  const began = performance.now();
  await pair.server.close(10_000);
  expect(performance.now() - began).toBeLessThan(3_000);
  raw.close();
});

it("while a process drains, its handlers may still call on", async () => {
  await using back = await openPair();
  const { handler, begun, open } = gate();
  back.server.serve(VOTE, "validator-1", handler);
  const front = new GrpcRpc({ listen: "127.0.0.1:0", servers: { "validator-1": [back.address] } });
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const { promise: closing, resolve: goOn } = Promise.withResolvers<void>();
  front.serve(VALIDATE, "policy", async (request) => {
    resolve();
    await closing;
    return front.call(VOTE, "validator-1", request, deadline);
  });
  const client = new GrpcRpc({ servers: { policy: [await front.listen()] } });
  const running = outcomeOf(client.call(VALIDATE, "policy", one, deadline));
  await asked;
  const closed = front.close(10_000);
  goOn();
  await begun;
  open();
  expect(await running).toBe("answered");
  await closed;
  await client.close(0);
});

it("a caller that closes waits for its answers, cancels what takes too long, and asks nothing more", async () => {
  await using pair = await openPair();
  const { handler, begun } = gate();
  pair.server.serve(VALIDATE, "policy", handler);
  pair.server.serve(VOTE, "validator-1", (request) => sleep(50).then(() => request));
  const [quick, stuck] = [
    pair.client.call(VOTE, "validator-1", one, deadline),
    pair.client.call(VALIDATE, "policy", one, deadline),
  ].map(outcomeOf);
  await begun;
  await pair.client.close(1_500);
  expect(await quick).toBe("answered");
  expect(await stuck).toMatch(/^UNAVAILABLE: .*CANCELLED/);
  expect(await outcomeOf(pair.client.call(VOTE, "validator-1", one, deadline))).toMatch(/^UNAVAILABLE: .*closing/);
});

it("can be closed without ever having been opened", async () => {
  await new GrpcRpc({ listen: "127.0.0.1:0", servers: { policy: ["127.0.0.1:1"] } }).close(0);
});
