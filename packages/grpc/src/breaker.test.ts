import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@countersign/runtime";
import { expect, it } from "vitest";
import { openPair, outcomeOf, VALIDATE, VOTE } from "../test/pair.ts";

const one = Uint8Array.of(1);

/** A policy that answers as it is told to, and its breaker as a caller sees it. */
async function openPolicy(halfOpenAfterMs = 60_000) {
  const pair = await openPair({ breaker: { halfOpenAfterMs } });
  const policy = { mood: "well" as "well" | RpcError["code"], asked: 0 };
  pair.server.serve(VALIDATE, "policy", async (request) => {
    policy.asked++;
    if (policy.mood !== "well") throw new RpcError(policy.mood, "as told");
    return request;
  });
  const ask = async (mood: typeof policy.mood) => {
    policy.mood = mood;
    return outcomeOf(pair.client.call(VALIDATE, "policy", one, { deadlineMs: 5_000 }));
  };
  const state = () => pair.client.breakers().get("policy");
  return { policy, ask, state, pair, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() };
}

it("opens after three failures in a row; then callers are refused without a call, and told why", async () => {
  await using t = await openPolicy();
  await t.ask("UNAVAILABLE");
  await t.ask("DEADLINE_EXCEEDED");
  expect(t.state()).toBe("closed");
  await t.ask("UNAVAILABLE");
  expect(t.state()).toBe("open");
  expect(await t.ask("well")).toMatch(/^UNAVAILABLE: the circuit breaker of policy is open/);
  expect(t.policy.asked).toBe(3);
});

it("counts a row anew after each answer", async () => {
  await using t = await openPolicy();
  for (let n = 0; n < 5; n++) {
    await t.ask("UNAVAILABLE");
    await t.ask("UNAVAILABLE");
    expect(await t.ask("well")).toBe("answered");
  }
  expect(t.state()).toBe("closed");
});

it("a refusal is an answer: it fails the caller, never the breaker, and ends a row of failures", async () => {
  await using t = await openPolicy();
  for (let n = 0; n < 10; n++) expect(await t.ask("REFUSED")).toBe("REFUSED: as told");
  await t.ask("UNAVAILABLE");
  await t.ask("UNAVAILABLE");
  await t.ask("REFUSED");
  await t.ask("UNAVAILABLE");
  expect(t.state()).toBe("closed");
});

it("a fault of the server is a failure", async () => {
  await using t = await openPolicy();
  t.pair.server.serve(VALIDATE, "policy", () => Promise.reject(new Error("broken invariant")));
  for (let n = 0; n < 3; n++) await t.ask("well");
  expect(t.state()).toBe("open");
});

it("lets one call through after its time: a success closes it, a refusal too, a failure opens it again", async () => {
  await using t = await openPolicy(300);
  for (const [probe, after] of [
    ["well", "closed"],
    ["REFUSED", "closed"],
    ["UNAVAILABLE", "open"],
  ] as const) {
    while (t.state() === "closed") await t.ask("UNAVAILABLE");
    await sleep(350);
    expect(t.state()).toBe("half-open");
    t.policy.asked = 0;
    const outcomes = await Promise.all([t.ask(probe), t.ask(probe), t.ask(probe)]);
    expect(t.policy.asked).toBe(1);
    expect(outcomes.slice(1)).toEqual(outcomes.slice(1).map(() => expect.stringContaining("the circuit breaker")));
    expect(t.state()).toBe(after);
  }
});

it("each server has its own", async () => {
  await using t = await openPolicy();
  t.pair.server.serve(VOTE, "validator-1", async (request) => request);
  for (let n = 0; n < 3; n++) await t.ask("UNAVAILABLE");
  expect(await outcomeOf(t.pair.client.call(VOTE, "validator-1", one, { deadlineMs: 5_000 }))).toBe("answered");
  expect([...t.pair.client.breakers()]).toEqual([
    ["policy", "open"],
    ["validator-1", "closed"],
    ["validator-2", "closed"],
  ]);
});
