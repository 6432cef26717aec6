// Policy is rolled while it is asked: two replicas behind one DNS name, each replaced by another. Nobody who asks loses an answer.
import { type ChildProcess, spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { ValidateRequestSchema } from "@countersign/contracts";
import { freePorts } from "@countersign/engines";
import { GrpcRpc, withRetries } from "@countersign/grpc";
import { openPool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { emptyCommit, openPostgresStore, type Rpc } from "@countersign/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { intentOf, START_MS } from "../../agents/policy/src/testing-world.ts";
import { ACCOUNT, fundedDesk, grantedRig, wideRules } from "./support/policies.ts";

const CALL = "PolicyService.Validate";
const NAME = "policy.test";
const PROGRAM = fileURLToPath(new URL("support/policy-process.ts", import.meta.url));
const CALLERS = 4;
/** Between a readiness that turns red and the last client that hears of it: kubelet, endpoints, DNS. */
const HEARD_AFTER_MS = 500;

let database: TestDatabase;
let schemas = 0;
const running = new Set<Replica>();
beforeAll(async () => {
  database = await sharedTestServer();
});
afterEach(() => {
  for (const { child } of running) child.kill("SIGKILL");
  running.clear();
  vi.restoreAllMocks();
});
afterAll(() => database?.[Symbol.asyncDispose]());

interface Replica {
  readonly ip: string;
  readonly child: ChildProcess;
}

interface Service extends AsyncDisposable {
  readonly schema: string;
  readonly port: number;
  add(): Promise<Replica>;
}

/** A headless Service: its name stands for the replicas that are ready, as was so a moment ago. */
async function openService(drainMs: number): Promise<Service> {
  const [port = 0, health = 0] = await freePorts(2);
  const schema = `rolled_${++schemas}`;
  let count = 0;
  const isReady = async ({ ip }: Replica) => {
    const signal = AbortSignal.timeout(2_000);
    return fetch(`http://${ip}:${health}/readyz`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  let endpoints: readonly string[] = [];
  const stop = new AbortController();
  const following = (async () => {
    for (; !stop.signal.aborted; await wait(50, undefined, { signal: stop.signal }).catch(() => {})) {
      const all = [...running];
      const ready = await Promise.all(all.map(isReady));
      const found = all.filter((_, n) => ready[n]).map(({ ip }) => ip);
      setTimeout(() => {
        endpoints = found;
      }, HEARD_AFTER_MS);
    }
  })();
  const ask = dns.promises.lookup;
  vi.spyOn(dns.promises, "lookup").mockImplementation((async (name: string, options: dns.LookupAllOptions) => {
    if (name !== NAME) return ask(name, options);
    if (endpoints.length === 0) throw new Error("nobody is ready");
    return endpoints.map((address) => ({ address, family: 4 }));
  }) as typeof dns.promises.lookup);
  return {
    schema,
    port,
    async add() {
      const ip = `127.0.0.${++count}`;
      const settings = [database.url, schema, ip, String(port), String(health), String(drainMs)];
      const child = spawn(process.execPath, [PROGRAM, ...settings], { stdio: ["ignore", "ignore", "inherit"] });
      const replica = { ip, child };
      running.add(replica);
      child.once("exit", () => running.delete(replica));
      await expect.poll(() => endpoints.includes(ip), { timeout: 40_000, interval: 50 }).toBe(true);
      return replica;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
    },
  };
}

interface Figures {
  readonly sent: number;
  /** First and further tries that got no answer. */
  readonly tries: number;
  /** Calls that ended without one. */
  readonly lost: number;
}

/** Asks without a pause while `act` runs, each time for another order. */
async function underLoad({ port }: Service, act: () => Promise<void>): Promise<Figures & { keys: readonly string[] }> {
  const rig = await grantedRig(START_MS);
  const raw = new GrpcRpc({ servers: { policy: [`${NAME}:${port}`] } });
  let [tries, lost] = [0, 0];
  const counted: Rpc = {
    serve: () => {},
    call: (...asked) =>
      raw.call(...asked).catch((error: unknown) => {
        tries++;
        throw error;
      }),
  };
  // As every process of a cluster calls.
  const rpc = withRetries(counted, { attempts: 4, baseMs: 50, capMs: 1_000, random: Math.random });
  const keys: string[] = [];
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let n = 0; !isOver; n++) {
      const key = `intent ${caller} ${n}`;
      keys.push(key);
      const payload = create(ValidateRequestSchema, { intent: intentOf({ key, quantity: 100n }) });
      const facts = { sender: "portfolio", topic: CALL, key: ACCOUNT, type: "policy.validate", idempotencyKey: key };
      const { bytes } = rig.sealed({ ...facts, payload });
      await rpc.call(CALL, "policy", bytes, { deadlineMs: 20_000 }).catch(() => lost++);
    }
  });
  try {
    await act();
  } finally {
    isOver = true;
    await Promise.all(callers);
    await raw.close(0);
  }
  return { sent: keys.length, tries, lost, keys };
}

/** Each replica is replaced by another that was ready before it was told to end. */
async function roll(
  drainMs: number,
  signal: NodeJS.Signals,
): Promise<Figures & { verdicts: number; codes: unknown[] }> {
  await using service = await openService(drainMs);
  await using pool = openPool(database.url, { max: 1, applicationName: "test" });
  const store = await openPostgresStore(pool, service.schema);
  await store.commit({ ...emptyCommit, aggregate: { key: ACCOUNT, version: 0n, state: fundedDesk(wideRules).state } });
  const old = [await service.add(), await service.add()];
  const codes: unknown[] = [];
  const figures = await underLoad(service, async () => {
    await wait(1_000);
    for (const { child } of old) {
      await service.add();
      const ended = once(child, "exit");
      child.kill(signal);
      const [code] = await ended;
      codes.push(code);
      await wait(1_000);
    }
  });
  const text = `select count(*)::int as n from ${service.schema}.outbox where topic = 'risk.policy.v1'`;
  const { rows } = await pool.query<{ n: number }>(text);
  const { sent, tries, lost } = figures;
  console.log(`${signal}, drain ${drainMs} ms: ${sent} asked, ${tries} tries without an answer, ${lost} lost`);
  return { sent, tries, lost, verdicts: rows[0]!.n, codes };
}

// Of the loopback addresses beside 127.0.0.1 only Linux has each.
describe.runIf(process.platform === "linux")("Policy that is rolled under load", { timeout: 180_000 }, () => {
  it.each([[0], [1_500]])("answers every call, each once, and ends in order (drain %i ms)", async (drainMs) => {
    const { sent, lost, verdicts, codes } = await roll(drainMs, "SIGTERM");
    expect({ lost, verdicts, codes }).toEqual({ lost: 0, verdicts: sent, codes: [0, 0] });
    expect(sent).toBeGreaterThan(50);
  });

  it("is a test that sees what is cut: kill -9 costs tries", async () => {
    const { tries } = await roll(0, "SIGKILL");
    expect(tries).toBeGreaterThan(0);
  });
});
