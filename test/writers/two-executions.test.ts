// Two Executions of one account at once: the first is frozen between its commit and the venue, a second takes over, the first goes on.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import type { ExecutionReport } from "@countersign/venue-paper";
import { ExchangeProcess } from "@countersign/venue-paper/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { instrumentRows, intentOf, orderOf } from "../../agents/execution/test/world.ts";

const PROGRAM = fileURLToPath(new URL("execution-process.ts", import.meta.url));
const PATIENCE = { timeout: 60_000, interval: 50 };

interface Said {
  readonly ready?: boolean;
  /** Of an order at the gate: "passed", or the code of the refusal. */
  readonly gate?: string;
  readonly reported?: { readonly clientOrderId?: string; readonly code?: string };
}

let database: TestDatabase;
let dir: string;
let exchange: ExchangeProcess;
let schemas = 0;
const children: ChildProcess[] = [];
beforeAll(async () => {
  database = await sharedTestServer();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-writers-"));
  exchange = await ExchangeProcess.start({ dir, instruments: instrumentRows });
  schemas += 1;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await exchange.kill();
  rmSync(dir, { recursive: true });
});
afterAll(() => database?.[Symbol.asyncDispose]());

interface Execution {
  readonly child: ChildProcess;
  readonly said: Said[];
  accept(intentKey: string, more?: { readonly stops: boolean }): void;
}

async function execution(session: string, ...more: readonly string[]): Promise<Execution> {
  const settings = [database.url, `execution_${schemas}`, exchange.url, session, ...more];
  const child = fork(PROGRAM, settings, { serialization: "advanced" });
  children.push(child);
  const said: Said[] = [];
  child.on("message", (message) => said.push(message as Said));
  await expect.poll(() => said.findLast(({ ready }) => ready !== undefined)?.ready, PATIENCE).toBe(true);
  return { child, said, accept: (accept, stops) => void child.send({ accept, ...stops }) };
}

const idOf = (intentKey: string) => orderOf(intentOf({ intentKey })).clientOrderId;
/** How often the venue has taken each, by its own record. */
function taken(): Readonly<Record<string, number>> {
  const lines = readFileSync(join(dir, "record.jsonl"), "utf8").split("\n").slice(0, -1);
  const reports = lines.map((line) => JSON.parse(line.slice(9)) as ExecutionReport);
  const counts = ["one", "two", "three"].map((key) => {
    const ofIt = reports.filter(({ clOrdID, execType }) => clOrdID === idOf(key) && execType === "NEW");
    return [key, ofIt.length] as const;
  });
  return Object.fromEntries(counts);
}
const atGate = ({ said }: Execution) => said.flatMap(({ gate }) => gate ?? []);
const isFrozen = ({ pid }: ChildProcess) => / T /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

/** The first writes one order, commits another and is frozen; the second begins, ends that one as never sent, and writes a third. */
async function takenOver(...more: readonly string[]): Promise<{ first: Execution; ended: Promise<unknown> }> {
  const first = await execution("first", ...more);
  first.accept("one");
  await expect.poll(taken, PATIENCE).toMatchObject({ one: 1 });
  first.accept("two", { stops: true });
  await expect.poll(() => isFrozen(first.child), PATIENCE).toBe(true);
  const second = await execution("second");
  const endOf = (key: string) => second.said.find(({ reported }) => reported?.clientOrderId === idOf(key))?.reported;
  expect(endOf("two")).toBeDefined();
  expect(taken()).toEqual({ one: 1, two: 0, three: 0 });
  second.accept("three");
  await expect.poll(taken, PATIENCE).toEqual({ one: 1, two: 0, three: 1 });
  const ended = new Promise((resolve) => first.child.once("exit", resolve));
  first.child.kill("SIGCONT");
  return { first, ended };
}

// Whether a process is frozen is asked of /proc.
describe.runIf(process.platform === "linux")(
  "an Execution that comes back after another took over",
  { timeout: 180_000 },
  () => {
    it("writes nothing that it had committed, commits nothing, and ends", async () => {
      const { first, ended } = await takenOver();
      expect(await ended).toBe(70);
      expect(atGate(first)).toEqual(["passed", "NOT_THE_WRITER"]);
      expect(taken()).toEqual({ one: 1, two: 0, three: 1 });
    });

    it("is a test that can fail: without the writer's right the gate passes what was ended as never sent", async () => {
      const { first, ended } = await takenOver("unfenced");
      await ended;
      expect(atGate(first)).toEqual(["passed", "passed"]);
    });
  },
);
