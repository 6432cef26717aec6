import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { openPair, VALIDATE, VOTE } from "../test/pair.ts";
import { type Raw, rawClient, statusOf } from "../test/raw.ts";
import { GrpcRpc } from "./index.ts";

const SERVING = [8, 1]; // field 1, the enum's value
const NOT_SERVING = [8, 2];
const POLICY = "countersign.v1.PolicyService";
const QUORUM = "countersign.v1.QuorumService";

const requestFor = (service: string) => new BinaryWriter().uint32(10).string(service).finish();
const check = async (raw: Raw, service: string) => [
  ...(await raw.unary("/grpc.health.v1.Health/Check", requestFor(service))),
];

it("a process is not serving until it says so, and again when it says so; by name and as a whole", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  pair.server.serve(VALIDATE, "policy", async (request) => request);
  for (const [serving, expected] of [
    [undefined, NOT_SERVING],
    [true, SERVING],
    [false, NOT_SERVING],
  ] as const) {
    if (serving !== undefined) pair.server.setServing(serving);
    expect(await check(raw, "")).toEqual(expected);
    expect(await check(raw, POLICY)).toEqual(expected);
  }
  raw.close();
});

it("knows the services that are served, those that came later too, and no others", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  pair.server.setServing(true);
  expect((await statusOf(raw.unary("/grpc.health.v1.Health/Check", requestFor(QUORUM)))).code).toBe(status.NOT_FOUND);
  pair.server.serve(VOTE, "validator-1", async (request) => request);
  expect(await check(raw, QUORUM)).toEqual(SERVING);
  raw.close();
});

it("calls are answered either way: a halt has to reach who is not well", async () => {
  await using pair = await openPair();
  pair.server.serve("HaltService.Halt", "policy", async (request) => request);
  pair.server.setServing(false);
  const answer = await pair.client.call("HaltService.Halt", "policy", Uint8Array.of(5), { deadlineMs: 5_000 });
  expect([...answer]).toEqual([5]);
});

it("a watch sees each change, and the end", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  const seen: number[][] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  raw.watch("/grpc.health.v1.Health/Watch", requestFor(""), (message) => {
    seen.push([...message]);
    if (seen.length === 1) pair.server.setServing(true);
    if (seen.length === 2) void pair.server.close(0);
    if (seen.length === 3) resolve();
  });
  await done;
  expect(seen).toEqual([NOT_SERVING, SERVING, NOT_SERVING]);
  raw.close();
});

it("a process that nobody calls, and that so has no address, is ready without a door", async () => {
  const rpc = new GrpcRpc({ servers: {} });
  expect(() => rpc.setServing(true)).not.toThrow();
  await rpc.close(0);
});
