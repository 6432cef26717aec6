import { LocalRpc } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { openPair } from "../test/pair.ts";
import { rpcConformance } from "./conformance.ts";

const api = { it, equal: (actual: unknown, expected: unknown) => expect(actual).toEqual(expected) };

describe("LocalRpc keeps the port's rules", () => {
  rpcConformance(async () => {
    const rpc = new LocalRpc();
    return { serving: rpc, calling: rpc, close: async () => {} };
  }, api);
});

describe("GrpcRpc keeps the port's rules", () => {
  rpcConformance(async () => {
    const pair = await openPair();
    return { serving: pair.server, calling: pair.client, close: () => pair[Symbol.asyncDispose]() };
  }, api);
});
