/**
 * P06 Once, on Kafka and PostgreSQL: the core cases of `test/promises/P06-once.test.ts`, and what only a broker does: to deliver again
 * what it was not told of.
 */
import { create } from "@bufbuild/protobuf";
import { FillSchema, OrderCommandSchema, TypeGrantSchema } from "@countersign/contracts";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { openPostgresStore, type Store, StoreError } from "@countersign/runtime";
import type { Say } from "@countersign/runtime/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { command, ORDERS, signal } from "../promises/support/p07-forgeries.ts";
import { actedOnce, type Delivery, deliveryOf, nothingNew, Probe, refused } from "../promises/support/p07-probe.ts";
import { KafkaGround } from "./kafka-ground.ts";

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 4, applicationName: "P06" });
});
afterAll(async () => {
  await pool?.close();
  await database?.[Symbol.asyncDispose]();
});

let ground: KafkaGround;
let store: Store;
let schemas = 0;
beforeEach(async () => {
  store = await openPostgresStore(pool, `probe_${++schemas}`);
  ground = await KafkaGround.open(inject("kafka"));
});
afterEach(async () => {
  await ground[Symbol.asyncDispose]();
  expect(ground.broken).toEqual([]);
});

function delivery(probe: Probe, say: Say): Delivery {
  const { body, bytes } = probe.rig.sealed(say);
  return deliveryOf(body, bytes);
}

it("a record is acted on once: killed before its offset is committed, it is delivered again, here and in the next life", async () => {
  const probe = await Probe.open({ ground, store });
  ground.diesBeforeOffset = true;
  const one = delivery(probe, signal);
  expect(await probe.deliver(one)).toEqual(actedOnce);
  await expect.poll(() => ground.lost, { timeout: 10_000 }).toBeGreaterThan(1);
  await probe.restart();
  await ground.answered();
  expect(await probe.acted()).toBe(1);
  expect(await probe.deliver(delivery(probe, signal))).toEqual(actedOnce);
});

it("a record whose transaction could not be is not answered for: it is delivered again until it is acted on, once", async () => {
  const probe = await Probe.open({ ground, store });
  let tries = 0;
  const { commit } = store;
  store.commit = async (one) => {
    if (tries++ < 3) throw new StoreError("STORE_CONTENDED", "others are always faster");
    return commit.call(store, one);
  };
  expect(await probe.deliver(delivery(probe, signal))).toEqual(actedOnce);
  await ground.answered();
  expect([tries > 3, await probe.acted()]).toEqual([true, 1]);
});

it("the same record put on the topic again is nothing new, in this life and the next", async () => {
  const probe = await Probe.open({ ground, store });
  const one = delivery(probe, signal);
  expect(await probe.deliver(one)).toEqual(actedOnce);
  expect(await probe.deliver(one)).toEqual(nothingNew);
  await probe.restart();
  expect(await probe.deliver({ ...one, bytes: new Uint8Array(one.bytes) })).toEqual(nothingNew);
  expect(await probe.acted()).toBe(1);
});

it("a command is executed once, under whatever msg_id; another payload under its idempotency key is CONFLICT by the inbox", async () => {
  const probe = await Probe.open({ ground, store });
  const asked = { ...command, idempotencyKey: "once" };
  const [one, repeated] = [delivery(probe, asked), delivery(probe, asked)];
  expect(repeated.headers?.ce_id).not.toBe(one.headers?.ce_id);
  expect(await probe.deliver(one)).toEqual(actedOnce);
  expect(await probe.deliver(repeated)).toEqual(nothingNew);
  const payload = create(OrderCommandSchema, {
    command: { case: "cancel", value: { account: "main", intentKey: "two" } },
  });
  const other = delivery(probe, { ...asked, payload });
  expect(await probe.deliver(other)).toEqual(refused("CONFLICT", "inbox", ORDERS));
});

it("a stale command is STALE by the pipeline; a fill an hour late is still a fill", async () => {
  const probe = await Probe.open({ ground, store });
  const type = create(TypeGrantSchema, { type: "order.filled", topic: "orders.execution.v1" });
  probe.grant("execution", { types: [type] });
  const at = (ageMs: number) => probe.rig.scheduler.nowMs() - ageMs;
  const aged = (ageMs: number) => delivery(probe, { ...command, sentAtMs: at(ageMs), idempotencyKey: `${ageMs}` });
  expect(await probe.deliver(aged(30_001))).toEqual(refused("STALE", "pipeline", ORDERS));
  expect(await probe.deliver(aged(30_000))).toEqual(actedOnce);
  const payload = create(FillSchema, { fillId: "f1", account: "main" });
  const fill = { sender: "execution", topic: "orders.execution.v1", key: "main", type: "order.filled", payload };
  expect(await probe.deliver(delivery(probe, { ...fill, sentAtMs: at(HOUR_MS) }))).toEqual(actedOnce);
});
