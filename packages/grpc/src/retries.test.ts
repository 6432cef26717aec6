import { setTimeout as sleep } from "node:timers/promises";
import { LocalRpc, RpcError } from "@countersign/runtime";
import { expect, it } from "vitest";
import { openPair, outcomeOf, VALIDATE } from "../test/pair.ts";
import { withRetries } from "./index.ts";

const one = Uint8Array.of(1);
const brisk = { attempts: 4, baseMs: 8, capMs: 20, random: () => 0.5 };

/** Fails as often as it is told to, then answers; and the requests it saw. */
function failing(times: number, code: RpcError["code"]) {
  const rpc = new LocalRpc();
  const requests: Uint8Array[] = [];
  rpc.serve(VALIDATE, "policy", async (request) => {
    requests.push(request);
    if (requests.length <= times) throw new RpcError(code, `failure ${requests.length}`);
    return Uint8Array.of(7);
  });
  return { rpc, requests };
}

it.each(["UNAVAILABLE", "DEADLINE_EXCEEDED"] as const)("tries again after %s, with the same bytes", async (code) => {
  const { rpc, requests } = failing(3, code);
  const answer = await withRetries(rpc, brisk).call(VALIDATE, "policy", one, { deadlineMs: 5_000 });
  expect([...answer]).toEqual([7]);
  expect(requests.map((request) => [...request])).toEqual([[1], [1], [1], [1]]);
});

it("never after REFUSED, never more often than asked for, and ends with the last failure", async () => {
  const refused = failing(9, "REFUSED");
  const call = withRetries(refused.rpc, brisk).call(VALIDATE, "policy", one, { deadlineMs: 5_000 });
  expect(await outcomeOf(call)).toBe("REFUSED: failure 1");
  const down = failing(9, "UNAVAILABLE");
  const other = withRetries(down.rpc, brisk).call(VALIDATE, "policy", one, { deadlineMs: 5_000 });
  expect(await outcomeOf(other)).toBe("UNAVAILABLE: failure 4");
});

it("never after what is no RpcError", async () => {
  const rpc = new LocalRpc();
  let asked = 0;
  rpc.serve(VALIDATE, "policy", () => {
    asked++;
    return Promise.reject(new TypeError("a mistake"));
  });
  await expect(withRetries(rpc, brisk).call(VALIDATE, "policy", one, { deadlineMs: 500 })).rejects.toThrow(TypeError);
  expect(asked).toBe(1);
});

it("pauses with full jitter: a random part of a bound that doubles up to the cap", async () => {
  const pausesMs = async (part: number) => {
    const { rpc } = failing(7, "UNAVAILABLE");
    const patient = { attempts: 8, baseMs: 20, capMs: 50, random: () => part };
    const began = performance.now();
    await withRetries(rpc, patient).call(VALIDATE, "policy", one, { deadlineMs: 60_000 });
    return performance.now() - began;
  };
  // 20 + 40 + 5 × 50; without the cap it would be 2,540, without the doubling 140.
  const longest = await pausesMs(1);
  expect(longest).toBeGreaterThan(300);
  expect(longest).toBeLessThan(2_000);
  expect(await pausesMs(0.5)).toBeLessThan(longest);
  expect(await pausesMs(0)).toBeLessThan(140);
});

it("gives up rather than pause beyond the deadline", async () => {
  const { rpc, requests } = failing(9, "UNAVAILABLE");
  const slow = { attempts: 9, baseMs: 10_000, capMs: 10_000, random: () => 0.9 };
  const began = performance.now();
  const call = withRetries(rpc, slow).call(VALIDATE, "policy", one, { deadlineMs: 2_000 });
  expect(await outcomeOf(call)).toBe("UNAVAILABLE: failure 1");
  expect(performance.now() - began).toBeLessThan(1_500);
  expect(requests).toHaveLength(1);
});

it("leaves later attempts their share of the deadline: a server that hangs once is asked again in time", async () => {
  await using pair = await openPair();
  let asked = 0;
  pair.server.serve(VALIDATE, "policy", async (request) => {
    if (++asked === 1) await sleep(5_000, undefined, { ref: false });
    return request;
  });
  const rpc = withRetries(pair.client, { attempts: 2, baseMs: 1, capMs: 1, random: Math.random });
  const began = performance.now();
  expect([...(await rpc.call(VALIDATE, "policy", one, { deadlineMs: 2_000 }))]).toEqual([1]);
  expect(performance.now() - began).toBeGreaterThan(990);
  expect(performance.now() - began).toBeLessThan(2_000);
});

it("ends at the deadline when every attempt hangs", async () => {
  await using pair = await openPair();
  pair.server.serve(VALIDATE, "policy", (request) => sleep(5_000, request, { ref: false }));
  const rpc = withRetries(pair.client, { attempts: 3, baseMs: 1, capMs: 1, random: Math.random });
  const began = performance.now();
  expect(await outcomeOf(rpc.call(VALIDATE, "policy", one, { deadlineMs: 300 }))).toMatch(/^DEADLINE_EXCEEDED/);
  expect(performance.now() - began).toBeLessThan(3_000);
});
