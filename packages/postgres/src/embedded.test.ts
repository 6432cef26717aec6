import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { start, startEmbedded } from "./embedded.ts";
import { freePort } from "./launch.ts";
import { locateNative } from "./native.ts";
import { openPool } from "./pool.ts";
import { query, tempDir } from "./temp-dir.ts";

const isRoot = process.getuid?.() === 0;

describe("the embedded server", () => {
  it("keeps its data over stop and start, and recovers what was committed after kill -9", async () => {
    await using dir = await tempDir();
    const first = await startEmbedded({ dir: dir.path });
    await query(first.url, "create table t (n int8); insert into t values (1)");
    await first.stop();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);

    const second = await startEmbedded({ dir: dir.path });
    expect(second.dataDir).toBe(first.dataDir);
    await query(second.url, "insert into t values (2)");
    process.kill(second.pid, "SIGKILL");

    await using third = await startEmbedded({ dir: dir.path });
    expect(third.pid).not.toBe(second.pid);
    expect(await query(third.url, "select n from t order by n")).toEqual([{ n: 1n }, { n: 2n }]);
    await second.stop();
    expect(await query(third.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("waits for a statement that goes on after its server was killed, and never works beside it", async () => {
    await using dir = await tempDir();
    const first = await startEmbedded({ dir: dir.path });
    // A loop that computes does not look whether its server still lives.
    const busy =
      "do $$ declare t0 timestamptz := now(); begin while clock_timestamp() < t0 + '3 s' loop end loop; end $$";
    const statement = query(first.url, busy).catch(() => {});
    await setTimeout(500);
    process.kill(first.pid, "SIGKILL");
    await using second = await startEmbedded({ dir: dir.path });
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readFileSync(join(dir.path, "postgres.log"), "utf8")).toMatch(/pre-existing shared memory block/);
    await statement;
  });

  it("listens on 127.0.0.1 only, demands the password and is durable", async () => {
    await using dir = await tempDir();
    await using server = await startEmbedded({ dir: dir.path });
    const settings = await query(
      server.url,
      `select string_agg(name || '=' || setting, ' ' order by name) as all from pg_settings
       where name in ('listen_addresses', 'unix_socket_directories', 'fsync', 'synchronous_commit', 'password_encryption')`,
    );
    expect(settings).toEqual([
      {
        all: "fsync=on listen_addresses=127.0.0.1 password_encryption=scram-sha-256 synchronous_commit=on unix_socket_directories=",
      },
    ]);
    await using stranger = openPool(server.url.replace(/:[^:@]+@/, ":wrong@"), { max: 1, applicationName: "test" });
    await expect(stranger.query("select 1")).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      cause: { code: "28P01" },
    });
    expect(statSync(server.dataDir).mode & 0o777).toBe(0o700);
  });

  it.runIf(isRoot && process.platform === "linux")("root runs it as nobody, without root's groups", async () => {
    await using dir = await tempDir();
    await using server = await startEmbedded({ dir: dir.path });
    const nobody = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
    const status = execFileSync("cat", [`/proc/${server.pid}/status`], { encoding: "utf8" });
    expect(status).toMatch(new RegExp(`^Uid:\\t${nobody}\\t${nobody}\\t${nobody}\\t${nobody}$`, "m"));
    expect(status).toMatch(/^Groups:\s*$/m);
    expect(statSync(server.dataDir).uid).toBe(nobody);
  });

  it("takes another port when one was taken in between", async () => {
    await using dir = await tempDir();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = other.address();
    if (taken === null || typeof taken === "string") throw new Error("no port");
    const ports = [taken.port, await freePort()];
    const plan = { dir: dir.path, native: locateNative(), bases: [], isEphemeral: false };
    await using server = await start({ ...plan, findPort: async () => ports.shift() ?? freePort() });
    expect(server.port).not.toBe(taken.port);
    expect(ports).toEqual([]);
    other.close();
  });

  it("says that data of another version is not for it", async () => {
    await using dir = await tempDir();
    const server = await startEmbedded({ dir: dir.path });
    await server.stop();
    execFileSync("sh", ["-c", `echo 17 > "$1/PG_VERSION"`, "sh", server.dataDir]);
    await expect(startEmbedded({ dir: dir.path })).rejects.toMatchObject({ code: "WRONG_VERSION" });
  });

  it.runIf(isRoot)("says that data of another user is not for it", async () => {
    await using dir = await tempDir();
    const server = await startEmbedded({ dir: dir.path });
    await server.stop();
    execFileSync("chown", ["1", server.dataDir]);
    await expect(startEmbedded({ dir: dir.path })).rejects.toMatchObject({ code: "WRONG_OWNER" });
  });

  it("says that the disk is full", async (context) => {
    await using dir = await tempDir();
    const disk = join(dir.path, "disk");
    mkdirSync(disk);
    const mount = spawnSync("sh", ["-c", 'mount -t tmpfs -o size=16m tmpfs "$1"', "sh", disk]);
    if (mount.status !== 0) context.skip("may not mount a small disk here");
    try {
      const error = await startEmbedded({ dir: join(disk, "db") }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "DISK_FULL",
        message: expect.stringMatching(/^The disk .* free some space/),
      });
    } finally {
      execFileSync("sh", ["-c", 'umount "$1"', "sh", disk]);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
