// A real program under a real supervisor: it serves a health page, and hangs, dies or falls ill when it is told to.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask } from "./health-page.ts";
import { type ProcessState, readRunRecord } from "./run-record.ts";
import { Supervisor } from "./supervisor.ts";

const PROGRAM = `
  import { createServer } from "node:http";
  const [dir, name] = process.argv.slice(2);
  const ill = { now: false };
  let asked = 0;
  createServer((request, response) => {
    if (request.url === "/healthz") asked++;
    if (request.url === "/asked") return response.end(String(asked));
    if (request.url === "/hang") for (;;);
    if (request.url === "/ill") ill.now = true;
    if (request.url === "/die") process.exit(3);
    response.writeHead(ill.now ? 503 : 200).end(ill.now ? "a handler hangs" : "ok");
  }).listen(Number(name.split("-")[1]), "127.0.0.1");
  process.stdin.once("end", () => process.exit(0)).resume();
  process.once("SIGTERM", () => process.exit(0));`;

let dir: string;
let supervisor: Supervisor | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-supervisor-"));
  writeFileSync(join(dir, "program.mjs"), PROGRAM);
});
afterEach(async () => {
  await supervisor?.stop();
  rmSync(dir, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo()); await wait(20))
    if (Date.now() > end) throw new Error(`not yet: ${what}`);
}

async function page(address: string, path: string): Promise<string> {
  return fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.text(),
    () => "",
  );
}

/** One process that serves its health, and what the supervisor told of it. */
async function supervised() {
  const port = await freePort();
  const [name, address] = [`one-${port}`, `127.0.0.1:${port}`];
  const told: ProcessState[] = [];
  supervisor = new Supervisor({
    dir,
    names: [name],
    health: { [name]: address },
    program: join(dir, "program.mjs"),
    liveness: { periodMs: 50, timeoutMs: 1_000, failuresMax: 3 },
    onChange: (state) => told.push(state),
  });
  supervisor.start();
  // Asked a third time, it was heard a second time: the supervisor knows that it was well.
  await until("it is seen", async () => Number(await page(address, "/asked")) >= 3);
  return { address, told, state: () => supervisor?.states()[0] };
}

describe("the supervisor", () => {
  it.each([
    ["hangs and no longer answers", "/hang", "no answer within 1 s"],
    ["answers 503", "/ill", "a handler hangs"],
  ])("kills and starts again a process that %s, and says why", async (_, path, why) => {
    const { address, told, state } = await supervised();
    const before = state()?.pid;
    void page(address, path);
    await until("it runs again", async () => state()?.restarts === 1 && (await ask(address, "/readyz", 1_000)).ok);
    expect(state()?.pid).not.toBe(before);
    expect(told.map(({ pid, restarts, lastEnd }) => [pid !== undefined, restarts, lastEnd])).toEqual([
      [false, 0, `not live 3 times in a row: ${why}`],
      [true, 1, `not live 3 times in a row: ${why}`],
    ]);
    // Well again, it is left alone.
    await wait(500);
    expect(state()?.restarts).toBe(1);
  });

  it("leaves alone who has not said it is well yet", async () => {
    writeFileSync(join(dir, "program.mjs"), `${PROGRAM.replace("now: false", "now: true")}`);
    const port = await freePort();
    const name = `one-${port}`;
    const liveness = { periodMs: 20, timeoutMs: 200, failuresMax: 3 };
    const health = { [name]: `127.0.0.1:${port}` };
    supervisor = new Supervisor({ dir, names: [name], health, program: join(dir, "program.mjs"), liveness });
    supervisor.start();
    await until("it serves", async () => (await ask(`127.0.0.1:${port}`, "/readyz", 1_000)).heard);
    await wait(500);
    expect(supervisor.states()[0]).toMatchObject({ restarts: 0, lastEnd: undefined });
  });

  it("writes down who runs, and takes the record back at its end", async () => {
    const { address, state } = await supervised();
    const record = () => readRunRecord(dir);
    expect(record()).toMatchObject({
      supervisor: { pid: process.pid },
      processes: [{ pid: state()?.pid, restarts: 0 }],
    });
    await page(address, "/die");
    await until("it is written", () => record()?.processes[0]?.restarts === 1);
    expect(record()?.processes[0]).toMatchObject({ pid: state()?.pid, lastEnd: "exit 3" });
    // The record of a supervisor that is gone says nothing.
    const text = readFileSync(join(dir, "processes.json"), "utf8");
    await supervisor?.stop();
    expect(record()).toBe(undefined);
    writeFileSync(join(dir, "processes.json"), text.replace(`"pid": ${process.pid}`, `"pid": ${2 ** 30}`));
    expect(record()).toBe(undefined);
  });
});
