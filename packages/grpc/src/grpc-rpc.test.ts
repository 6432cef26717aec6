import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@countersign/runtime";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { openPair, outcomeOf, VALIDATE, VOTE } from "../test/pair.ts";
import { rawClient, statusOf } from "../test/raw.ts";
import { GrpcRpc } from "./index.ts";

const deadline = { deadlineMs: 10_000 };
const one = Uint8Array.of(1);
const PATH = "/countersign.v1.PolicyService/Validate";

describe("a call", () => {
  it("hands on plain arrays: their slices are copies", async () => {
    await using pair = await openPair();
    let received: Uint8Array = one;
    pair.server.serve(VALIDATE, "policy", async (request) => {
      received = request;
      return request;
    });
    const answer = await pair.client.call(VALIDATE, "policy", Uint8Array.of(1, 2, 3), deadline);
    for (const bytes of [received, answer]) {
      expect(bytes.constructor).toBe(Uint8Array);
      expect(bytes.slice().buffer).not.toBe(bytes.buffer);
    }
  });

  it("ends at its deadline, whether the server is slow or cannot be reached", async () => {
    await using pair = await openPair();
    pair.server.serve(VALIDATE, "policy", (request) => sleep(10_000, request, { ref: false }));
    const silent = createServer(() => {}); // takes connections and says nothing
    await new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const stranger = new GrpcRpc({ servers: { policy: [`127.0.0.1:${port}`] } });
    for (const client of [pair.client, stranger]) {
      const began = performance.now();
      expect(await outcomeOf(client.call(VALIDATE, "policy", one, { deadlineMs: 150 }))).toMatch(
        /^DEADLINE_EXCEEDED: /,
      );
      expect(performance.now() - began).toBeLessThan(3_000);
    }
    await stranger.close(0);
    silent.close();
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "with a deadline of %s ms is a mistake",
    async (deadlineMs) => {
      await using pair = await openPair();
      const call = pair.client.call(VALIDATE, "policy", one, { deadlineMs });
      await expect(call).rejects.toThrow("broken invariant");
    },
  );

  it("to an address where somebody else lives by now is not answered by them", async () => {
    await using pair = await openPair();
    let asked = 0;
    pair.server.serve(VOTE, "validator-1", async (request) => {
      asked++;
      return request;
    });
    expect(await outcomeOf(pair.client.call(VOTE, "validator-2", one, deadline))).toMatch(
      /^UNAVAILABLE.*nobody serves/,
    );
    expect(asked).toBe(0);
  });

  it("that is too large is refused before it leaves; an answer that is too large is no answer", async () => {
    await using pair = await openPair({ connection: { maxMessageBytes: 1_000 } });
    let asked = 0;
    pair.server.serve(VALIDATE, "policy", async (request) => {
      asked++;
      return new Uint8Array(request.length + 1);
    });
    const call = (bytes: number) => outcomeOf(pair.client.call(VALIDATE, "policy", new Uint8Array(bytes), deadline));
    expect(await call(1_001)).toMatch(/^REFUSED: .*1001 bytes; at most 1000/);
    expect(asked).toBe(0);
    expect(await call(1_000)).toMatch(/^UNAVAILABLE: .*RESOURCE_EXHAUSTED/);
    expect(asked).toBe(1);
    expect(await call(999)).toBe("answered");
  });

  it("is one attempt: a server that fails is asked once", async () => {
    await using pair = await openPair();
    let asked = 0;
    pair.server.serve(VALIDATE, "policy", () => {
      asked++;
      return Promise.reject(new RpcError("UNAVAILABLE", "not now"));
    });
    expect(await outcomeOf(pair.client.call(VALIDATE, "policy", one, deadline))).toMatch(/^UNAVAILABLE.*not now/);
    expect(asked).toBe(1);
  });
});

describe("what a handler throws", () => {
  it("is a gRPC status for everybody else", async () => {
    await using pair = await openPair();
    const raw = rawClient(pair.address);
    const statusWhen = (error: Error) => {
      pair.server.serve(VALIDATE, "policy", () => Promise.reject(error));
      return statusOf(raw.unary(PATH, one));
    };
    expect(await statusWhen(new RpcError("REFUSED", "stale"))).toEqual({
      code: status.FAILED_PRECONDITION,
      details: "stale",
    });
    expect(await statusWhen(new RpcError("UNAVAILABLE", "later"))).toEqual({
      code: status.UNAVAILABLE,
      details: "later",
    });
    expect(await statusWhen(new RpcError("DEADLINE_EXCEEDED", "slow"))).toEqual({
      code: status.DEADLINE_EXCEEDED,
      details: "slow",
    });
    raw.close();
  });

  it("and is no RpcError, is kept from the caller and handed to onError", async () => {
    await using pair = await openPair();
    const fault = new TypeError("a secret about a broken invariant");
    pair.server.serve(VALIDATE, "policy", () => Promise.reject(fault));
    const outcome = await outcomeOf(pair.client.call(VALIDATE, "policy", one, deadline));
    expect(outcome).toMatch(/^UNAVAILABLE: .*INTERNAL/);
    expect(outcome).not.toContain("secret");
    expect(pair.errors).toEqual([fault]);
  });

  it("and is no RpcError, ends the process where nobody asked for it", async () => {
    const program = `
      import { GrpcRpc } from "@countersign/grpc";
      const server = new GrpcRpc({ listen: "127.0.0.1:0", servers: {} });
      server.serve("${VALIDATE}", "policy", async () => { throw new Error("broken invariant: two and two"); });
      const client = new GrpcRpc({ servers: { policy: [await server.listen()] } });
      await client.call("${VALIDATE}", "policy", new Uint8Array(1), { deadlineMs: 5_000 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      console.log("still here");`;
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
    const options = { cwd: import.meta.dirname };
    execFile(process.execPath, ["--input-type=module", "--eval", program], options, (error, stdout, stderr) =>
      resolve({ code: error?.code, stdout, stderr }),
    );
    const ended = await promise;
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("broken invariant: two and two");
  });

  it.each([
    ["longer than a header may be", "ü".repeat(100_000)],
    ["half a surrogate pair", "a\ud83d"],
  ])("is told even when its text is %s", async (_, text) => {
    await using pair = await openPair();
    pair.server.serve(VALIDATE, "policy", () => Promise.reject(new RpcError("REFUSED", text)));
    const outcome = await outcomeOf(pair.client.call(VALIDATE, "policy", one, deadline));
    expect(outcome.slice(0, 10)).toBe(`REFUSED: ${text[0]}`);
  });
});

describe("the door", () => {
  const coded = (code: string) => expect.objectContaining({ name: "GrpcError", code });

  it.each(["0.0.0.0:0", "[::]:0", "localhost:0"])("does not open in plaintext on %s", async (listen) => {
    const server = new GrpcRpc({ listen, servers: {} });
    await expect(server.listen()).rejects.toEqual(coded("NEEDS_TLS"));
    await server.close(0);
  });

  it("says which address is taken", async () => {
    await using pair = await openPair();
    const second = new GrpcRpc({ listen: pair.address, servers: {} });
    await expect(second.listen()).rejects.toEqual(coded("CANNOT_LISTEN"));
    await expect(second.listen()).rejects.toThrow("broken invariant");
    await second.close(0);
  });

  it("has no place for a call that no service has, or where nothing listens", async () => {
    await using pair = await openPair();
    const answer = async () => one;
    expect(() => pair.server.serve("PolicyService.Nothing", "policy", answer)).toThrow(coded("UNKNOWN_CALL"));
    expect(() => pair.client.serve(VALIDATE, "policy", answer)).toThrow("broken invariant");
  });

  it("serves who comes by an address alone, while there is no doubt who is meant", async () => {
    await using pair = await openPair();
    const raw = rawClient(pair.address);
    const vote = () => raw.unary("/countersign.v1.QuorumService/Vote", one);
    pair.server.serve(VOTE, "validator-1", async () => Uint8Array.of(11));
    expect([...(await vote())]).toEqual([11]);
    pair.server.serve(VOTE, "validator-2", async () => Uint8Array.of(22));
    expect((await statusOf(vote())).code).toBe(status.UNIMPLEMENTED);
    raw.close();
  });
});
