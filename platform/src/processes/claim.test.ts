import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimFolder } from "./claim.ts";

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-claim-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dir, { recursive: true });
});

/** A process that claims the folder, says how it went, and stays. */
async function claimant(): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const program = `
    import { claimFolder } from ${JSON.stringify(new URL("claim.ts", import.meta.url).href)};
    try { globalThis.claim = claimFolder(${JSON.stringify(dir)}); console.log("claimed"); } catch (error) { console.log(error.message); }
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = await once(createInterface({ input: child.stdout! }), "line");
  return { child, said };
}

describe("a folder's claim", () => {
  it("is refused while its holder lives, in one line that names it", async () => {
    const { child } = await claimant();
    expect(() => claimFolder(dir)).toThrow(
      expect.objectContaining({
        name: "InputError",
        message: expect.stringMatching(
          new RegExp(`^${dir}: process ${child.pid} runs this cluster already: end it there`),
        ),
      }),
    );
  });

  it("survives its holder's kill -9 as a file, and not as a claim", async () => {
    const { child } = await claimant();
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(existsSync(join(dir, "up.pid"))).toBe(true);
    {
      using _claim = claimFolder(dir);
      expect(() => claimFolder(dir)).toThrow(`process ${process.pid} runs`);
    }
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ["of a process with the same id that began at another time", { pid: process.pid, started: "1" }],
    ["of nobody", { pid: 2 ** 30, started: "1" }],
    ["half written", undefined],
  ])("%s is taken over", (_, holder) => {
    writeFileSync(join(dir, "up.pid"), holder === undefined ? '{"pid":' : JSON.stringify(holder));
    using _claim = claimFolder(dir);
    expect(readdirSync(dir)).toEqual(["up.pid"]);
  });

  it("goes to one of four who take it at once from a dead one", async () => {
    writeFileSync(join(dir, "up.pid"), JSON.stringify({ pid: 2 ** 30, started: "1" }));
    const all = await Promise.all(Array.from({ length: 4 }, claimant));
    expect(all.map(({ said }) => said).filter((said) => said === "claimed")).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(["up.pid"]);
  });
});
