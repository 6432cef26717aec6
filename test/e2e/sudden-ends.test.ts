// A run that is ended from outside: by Ctrl-C, by kill -9, by another run, by a full disk. Nothing half written, nobody left working, and
// the next run is as if nothing had been.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng, uniform } from "@countersign/quant";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type Ended, Place, type Started } from "./support/command.ts";

const SHORT = ["demo", "--from", "2015-08-03", "--to", "2015-08-14"];
const SAMPLES = 2;
/** By then even a loaded machine has ended it. */
const WHOLE_RUN_MS = 5_000;

const seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const prng = new Prng(seed);

let place: Place;
beforeAll(() => {
  console.log(`sudden ends: SEED=${seed}`);
  place = new Place();
});
afterAll(() => place[Symbol.asyncDispose]());

describe("Ctrl-C", () => {
  it("while the database is made, on the very first run", async () => {
    await using fresh = new Place();
    const started = fresh.start(SHORT);
    const database = join(fresh.state, "postgres");
    const isUnderWay = (name: string) =>
      name.startsWith("initialising-") && existsSync(join(database, name, "data", "base"));
    await until(started, () => namesIn(database).some(isUnderWay));
    started.signal("SIGINT");
    expectStopped(await started.ended);
    expect(fresh.runs).toEqual([]);
    expect(await fresh.strays()).toEqual([]);
    await expectGoodRun(fresh);
  });

  it("before it has said a word", async () => {
    const started = place.start(SHORT);
    await sleep(uniform(prng) * 500);
    started.signal("SIGINT");
    const ended = await started.ended;
    // Whoever is not loaded yet cannot speak: the signal itself ends it, which a shell shows as 130, too.
    if (ended.signal === "SIGINT") expect([ended.out, ended.err]).toEqual(["", ""]);
    else expectStopped(ended);
    expect(await place.strays()).toEqual([]);
  });

  it("at any moment after that", async () => {
    for (let sample = 0; sample < SAMPLES; sample++) {
      const before = place.runs;
      const started = place.start(SHORT);
      await started.saw("countersign demo");
      const ms = uniform(prng) * WHOLE_RUN_MS;
      await sleep(ms);
      started.signal("SIGINT");
      const ended = await started.ended;
      console.log(`Ctrl-C after ${Math.round(ms)} ms: exit code ${ended.code}`);
      // Too late for a run that is kept already: then it is whole.
      if (ended.code === 0) expect(place.runs.length).toBe(before.length + 1);
      else {
        expectStopped(ended);
        expect(place.runs).toEqual(before);
      }
      expect(await place.strays()).toEqual([]);
    }
    await expectGoodRun(place);
  });
});

describe("kill -9", () => {
  it("at any moment, and the next run works and clears up", async () => {
    await expectGoodRun(place);
    const databases = databasesOf(place);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const started = place.start(SHORT);
      const ms = uniform(prng) * WHOLE_RUN_MS;
      await sleep(ms);
      started.signal("SIGKILL");
      const { code } = await started.ended;
      console.log(`kill -9 after ${Math.round(ms)} ms: ${code === 0 ? "it had ended" : "killed"}`);
      expect(await place.strays()).toEqual([]);
    }
    await expectGoodRun(place);
    expect(databasesOf(place)).toBe(databases);
  });

  it("while a run is written into its folder: no run has half a folder, and the next one clears up", async () => {
    const before = place.runs;
    const started = place.start(SHORT);
    await until(started, () => place.runs.some((name) => !before.includes(name)));
    started.signal("SIGKILL");
    expect((await started.ended).signal).toBe("SIGKILL");
    expect(place.runs.filter((name) => /^\d/.test(name))).toEqual(before);
    expect(await place.strays()).toEqual([]);
    await expectGoodRun(place);
  });
});

it("of two runs at once the second is refused in one line, and the first goes on", async () => {
  const first = place.start(["demo"]);
  await first.saw("agents ready");
  const second = await place.run(SHORT);
  expectOneLine(second, [/The database in .* is in use by process \d+/, /that run/]);
  expect(second.code).toBe(1);
  const { code, err } = await first.ended;
  expect([code, err]).toEqual([0, ""]);
  expect(await place.strays()).toEqual([]);
});

describe("a full disk", () => {
  it("of the database, on the very first run", async (context) => {
    await using fresh = new Place();
    using _disk = smallDisk(context, join(fresh.state, "postgres"), "16m");
    const ended = await fresh.run(SHORT);
    expectOneLine(ended, [/disk that holds .*postgres.* is full/, /free some space/]);
    expect([ended.code, fresh.runs, await fresh.strays()]).toEqual([1, [], []]);
  });

  it("of the database, in the middle of a run", async (context) => {
    await using fresh = new Place();
    const folder = join(fresh.state, "postgres");
    using _disk = smallDisk(context, folder, "192m");
    const started = fresh.start(["demo"]);
    await started.saw(" #3 ");
    fill(folder);
    const ended = await started.ended;
    expectOneLine(ended, [/disk that holds .*postgres.* is full/, /free some space/]);
    expect([ended.code, fresh.runs, await fresh.strays()]).toEqual([1, [], []]);
  });

  it("of the runs", async (context) => {
    await using fresh = new Place();
    using _disk = smallDisk(context, join(fresh.state, "runs"), "128k");
    const ended = await fresh.run(SHORT);
    expectOneLine(ended, [/disk that holds .*runs.* is full/, /free some space/]);
    expect([ended.code, fresh.runs, await fresh.strays()]).toEqual([1, [], []]);
  });
});

function expectStopped(ended: Ended): void {
  expectOneLine(ended, [/stopped by you: nothing of this run is kept/]);
  expect(ended.code).toBe(130);
}

function expectOneLine({ err }: Ended, pieces: readonly RegExp[]): void {
  expect(err).toMatch(/^countersign: [^\n]+\n$/);
  for (const piece of pieces) expect(err).toMatch(piece);
}

/** It works, and afterwards there are whole runs alone and nobody at work. */
async function expectGoodRun(at: Place): Promise<void> {
  const before = at.runs.filter((name) => /^\d/.test(name));
  const { code, out, err } = await at.run(SHORT);
  expect([code, err]).toEqual([0, ""]);
  const number = /kept as run (\d+)/.exec(out)?.[1] ?? "";
  expect(at.runs).toEqual([...before, number].toSorted());
  expect(await at.strays()).toEqual([]);
}

async function until({ ended }: Started, condition: () => boolean): Promise<void> {
  let isOver = false;
  const over = ended.then(() => {
    isOver = true;
  });
  while (!condition()) {
    if (isOver) throw new Error("it ended before");
    await Promise.race([sleep(1), over]);
  }
}

/** Folders of databases on the server's disk, its own three among them. */
function databasesOf({ state }: Place): number {
  return namesIn(join(state, "postgres", "data", "base")).filter((name) => /^\d+$/.test(name)).length;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Skips the test, by name, where this machine lets nobody mount one: it takes root on Linux. */
function smallDisk(context: TestContext, folder: string, size: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  if (mount.status !== 0) context.skip("not run: a small disk may not be mounted here");
  return {
    [Symbol.dispose]() {
      const { status, stderr } = spawnSync("umount", [folder]);
      if (status !== 0) throw new Error(`${folder} stays mounted: ${stderr}`);
    },
  };
}

function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(join(folder, "fill"), Buffer.alloc(bavail * bsize + bsize));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOSPC") throw error;
  }
}
