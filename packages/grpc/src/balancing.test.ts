import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { outcomeOf, VALIDATE } from "../test/pair.ts";
import { openLine } from "../test/proxy.ts";
import { GrpcRpc } from "./index.ts";

async function openReplica(name: string, listen = "127.0.0.1:0") {
  const rpc = new GrpcRpc({ listen, servers: {} });
  rpc.serve(VALIDATE, "policy", async () => Buffer.from(name));
  return { rpc, address: await rpc.listen() };
}

/** Who answered each of some calls, one after the other. */
async function askMany(client: GrpcRpc, count: number, deadlineMs = 5_000): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let n = 0; n < count; n++) {
    const who = await client.call(VALIDATE, "policy", Uint8Array.of(1), { deadlineMs }).then(
      (answer) => Buffer.from(answer).toString(),
      (error) => error.code,
    );
    answers[who] = (answers[who] ?? 0) + 1;
  }
  return answers;
}

/** Until all of these answer. */
async function untilHeard(client: GrpcRpc, ...names: string[]): Promise<void> {
  for (const giveUpAt = performance.now() + 20_000; ; await sleep(50)) {
    const heard = await askMany(client, 6);
    if (names.every((name) => name in heard)) return;
    if (performance.now() > giveUpAt) throw new Error(`heard only ${JSON.stringify(heard)}`);
  }
}

it("calls go round among the addresses of a server, except those that cannot be reached", async () => {
  const [a, b, gone] = [await openReplica("a"), await openReplica("b"), await openReplica("gone")];
  await gone.rpc.close(0);
  const client = new GrpcRpc({ servers: { policy: [gone.address, a.address, b.address] } });
  await untilHeard(client, "a", "b");
  expect(await askMany(client, 40)).toEqual({ a: 20, b: 20 });
  for (const rpc of [client, a.rpc, b.rpc]) await rpc.close(0);
});

it("a server that goes is left out without a failed call, and found again when it is back", async () => {
  const [a, b] = [await openReplica("a"), await openReplica("b")];
  const client = new GrpcRpc({ servers: { policy: [a.address, b.address] } });
  await untilHeard(client, "a", "b");
  await b.rpc.close(1_000);
  expect(await askMany(client, 20)).toEqual({ a: 20 });
  const again = await openReplica("b", b.address);
  await untilHeard(client, "a", "b");
  for (const rpc of [client, a.rpc, again.rpc]) await rpc.close(0);
});

it("a single server that comes back is found again", async () => {
  const first = await openReplica("first");
  const client = new GrpcRpc({ servers: { policy: [first.address] }, breaker: { halfOpenAfterMs: 100 } });
  await untilHeard(client, "first");
  await first.rpc.close(0);
  expect(await outcomeOf(client.call(VALIDATE, "policy", Uint8Array.of(1), { deadlineMs: 500 }))).toMatch(/^UNAVAIL/);
  const second = await openReplica("second", first.address);
  await untilHeard(client, "second");
  for (const rpc of [client, second.rpc]) await rpc.close(0);
});

it("a line that goes dead without a word is noticed by its keepalive", async () => {
  const [a, b] = [await openReplica("a"), await openReplica("b")];
  const line = await openLine(b.address);
  const connection = { keepaliveMs: 500, keepaliveTimeoutMs: 1_000 };
  const client = new GrpcRpc({ servers: { policy: [a.address, line.address] }, connection });
  await untilHeard(client, "a", "b");
  line.die();
  expect(await askMany(client, 2, 20_000)).toEqual({ a: 1, UNAVAILABLE: 1 });
  expect(await askMany(client, 20, 20_000)).toEqual({ a: 20 });
  line.close();
  for (const rpc of [client, a.rpc, b.rpc]) await rpc.close(0);
});
