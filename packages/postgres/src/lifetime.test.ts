import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { serverAccount, spawnAs } from "./account.ts";
import { startEmbedded } from "./embedded.ts";
import { endServer } from "./postmaster.ts";
import { query, tempDir } from "./temp-dir.ts";

const index = new URL("index.ts", import.meta.url).href;

describe.skipIf(process.platform === "win32")("a server and its run", () => {
  it("ends soon after its run was killed with -9", async () => {
    await using dir = await tempDir();
    const run = await startRun(dir.path);
    await query(run.url, "create table t as select 7::int8 as n");
    run.child.kill("SIGKILL");
    await vanished(run.pid, 5_000);
    await using next = await startEmbedded({ dir: dir.path });
    expect(await query(next.url, "select n from t")).toEqual([{ n: 7n }]);
  });

  it("makes way at once for the next run when its own was killed with -9", async () => {
    await using dir = await tempDir();
    const run = await startRun(dir.path);
    run.child.kill("SIGKILL");
    await using next = await startEmbedded({ dir: dir.path });
    expect(next.pid).not.toBe(run.pid);
  });

  it("ends with a run that ends without stop()", async () => {
    await using dir = await tempDir();
    const run = await startRun(dir.path, "process.stdin.destroy();");
    await once(run.child, "exit");
    await vanished(run.pid, 5_000);
  });

  it("refuses a second run on the same data with one line, and does not disturb the first", async () => {
    await using dir = await tempDir();
    const run = await startRun(dir.path);
    const error: unknown = await startEmbedded({ dir: dir.path }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "DATA_IN_USE",
      message: `The database in ${join(dir.path, "data")} is in use by process ${run.child.pid} (its server is process ${run.pid}): wait until that run has ended, or stop it`,
    });
    expect(await query(run.url, "select 1 as one")).toEqual([{ one: 1 }]);
    run.child.kill("SIGKILL");
    await vanished(run.pid, 5_000);
  });

  it("of two that start at once on new data one is refused", async () => {
    await using dir = await tempDir();
    const results = await Promise.allSettled([startEmbedded({ dir: dir.path }), startEmbedded({ dir: dir.path })]);
    const won = results.filter((result) => result.status === "fulfilled");
    const lost = results.filter((result) => result.status === "rejected");
    expect([won.length, lost.length]).toEqual([1, 1]);
    expect(lost[0]?.reason).toMatchObject({ code: "DATA_IN_USE" });
    await won[0]?.value.stop();
  });

  it("takes the place of a server whose run and supervisor were both killed", async () => {
    await using dir = await tempDir();
    const run = await startRun(dir.path);
    const supervisor = parentOf(run.pid);
    process.kill(supervisor, "SIGSTOP");
    run.child.kill("SIGKILL");
    process.kill(supervisor, "SIGKILL");
    await vanished(supervisor, 5_000);
    expect(commandOf(run.pid)).toContain("postgres");
    await using next = await startEmbedded({ dir: dir.path });
    expect(next.pid).not.toBe(run.pid);
    expect(commandOf(run.pid)).toBe("");
  });

  it("is stopped by its run when only the supervisor was killed", async () => {
    await using dir = await tempDir();
    const lines: string[] = [];
    const server = await startEmbedded({ dir: dir.path, log: (line) => lines.push(line) });
    process.kill(parentOf(server.pid), "SIGKILL");
    await vanished(server.pid, 5_000);
    expect(lines).toEqual([expect.stringContaining("PostgreSQL ended by itself")]);
  });

  it("holds its run, when nothing else does, while the run asks why the connection was lost", async () => {
    await using dir = await tempDir();
    const run = await startRun(
      dir.path,
      `process.stdin.destroy();
       const pool = openPool(server.url, { max: 1, applicationName: "run" });
       pool.query("select pg_sleep(60)")
         .catch((error) => { console.log("lost"); return server.explain(error); })
         .then((error) => console.log(error.code));`,
    );
    const supervisor = parentOf(run.pid);
    process.kill(supervisor, "SIGSTOP"); // as on a busy machine: it is not its turn to notice that the server has ended
    const lost = once(run.child.stdout, "data");
    process.kill(run.pid, "SIGKILL");
    expect(String((await lost)[0])).toBe("lost\n");
    const said = text(run.child.stdout);
    await sleep(500);
    process.kill(supervisor, "SIGCONT");
    expect(await said).toBe("CONNECTION_LOST\n");
    await vanished(supervisor, 5_000);
  });

  it("starts although the lock file of a killed server names a process that is another program by now", async () => {
    await using dir = await tempDir();
    const first = await startEmbedded({ dir: dir.path });
    const lockFile = join(first.dataDir, "postmaster.pid");
    const lock = readFileSync(lockFile, "utf8");
    await first.stop();
    const other = spawn("sleep", ["60"], { ...spawnAs(serverAccount()) });
    writeFileSync(lockFile, lock.replace(/^\d+/, String(other.pid)));
    execFileSync("chown", [`--reference=${first.dataDir}`, lockFile]);
    await using second = await startEmbedded({ dir: dir.path });
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(other.exitCode).toBe(null);
    await endServer(other.pid ?? 0, second.dataDir);
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    other.kill();
  });

  it("survives Ctrl-C in the run's terminal until the run stops it", async () => {
    await using dir = await tempDir();
    const run = await startRun(
      dir.path,
      `process.on("SIGINT", async () => {
         await sleep(500);
         await using pool = openPool(server.url, { max: 1, applicationName: "run" });
         console.log((await pool.query("select 'still there' as word")).rows[0].word);
         await server.stop();
         process.exit(0);
       });`,
    );
    const said = once(run.child.stdout, "data");
    process.kill(-(run.child.pid ?? 0), "SIGINT"); // the whole process group, as a terminal does
    expect(String((await said)[0])).toBe("still there\n");
    await vanished(run.pid, 5_000);
  });
});

type Run = {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pid: number;
  readonly url: string;
};

/** Another process that starts a server and lives until it is killed, in a process group of its own. */
async function startRun(dir: string, then = ""): Promise<Run> {
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { openPool, startEmbedded } from ${JSON.stringify(index)};
    const server = await startEmbedded({ dir: ${JSON.stringify(dir)} });
    process.stdin.resume();
    ${then}
    console.log(JSON.stringify({ pid: server.pid, url: server.url }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  const { pid, url }: { pid: number; url: string } = JSON.parse(String(line));
  return { child, pid, url };
}

async function vanished(pid: number, timeoutMs: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 50) {
    if (commandOf(pid) === "") return;
    await sleep(50);
  }
  expect.fail(`process ${pid} still runs after ${timeoutMs} ms`);
}

/** Empty when the process is gone, or a zombie that nobody has reaped. */
function commandOf(pid: number): string {
  try {
    const line = execFileSync("ps", ["-ww", "-o", "stat=,args=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return line.startsWith("Z") ? "" : line;
  } catch {
    return "";
  }
}

function parentOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
}
