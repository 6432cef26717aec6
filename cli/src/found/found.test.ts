import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FoundFlags, found } from "./found.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "countersign-found-"));
  vi.spyOn(console, "log").mockReturnValue();
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(cwd, { recursive: true });
});

const flags = { dir: "my-cluster", namespace: "countersign", mode: "paper" } as const;
const run = (more: Partial<FoundFlags> = {}) => found({ ...flags, ...more }, { cwd, env: {} });

describe("countersign found", () => {
  it("writes what is public, what is secret, and the person's keys, each for its readers alone", async () => {
    expect(await run()).toBe(0);
    const folder = join(cwd, "my-cluster");
    expect(readdirSync(folder).toSorted()).toEqual(["keys", "secrets.yaml", "values.yaml"]);
    expect(readdirSync(join(folder, "keys")).toSorted()).toEqual([
      "person_you.approval.key",
      "person_you.envelope.key",
    ]);
    expect(statSync(join(folder, "keys")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "secrets.yaml")).mode & 0o777).toBe(0o600);
    const values = readFileSync(join(folder, "values.yaml"), "utf8");
    const key = readFileSync(join(folder, "keys/person_you.approval.key"), "utf8").trim();
    const secrets = readFileSync(join(folder, "secrets.yaml"), "utf8");
    expect([values.includes(key), secrets.includes(key)]).toEqual([false, false]);
    await expect(run()).rejects.toMatchObject({ message: expect.stringContaining("was founded there already") });
  });

  it.each<[Partial<FoundFlags>, RegExp]>([
    [{ namespace: "Trading" }, /^--namespace Trading: no name of a namespace/],
    [{ person: "ann" }, /^ann: no person: write one such as person:ann/],
    [{ redis: "redis://redis" }, /^--redis: name the database too/],
    [{ mode: "shadow" }, /a shadow cluster is opened by 2 persons: name another founder/],
    [{ postgres: "here" }, /^here: no URL: give postgres:/],
  ])("refuses %j, and writes nothing", async (more, why) => {
    await expect(run(more)).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringMatching(why) });
    expect(existsSync(join(cwd, "my-cluster"))).toBe(false);
  });

  it("refuses a strategy that no image has", async () => {
    const own = join(cwd, "mine.ts");
    writeFileSync(own, readFileSync(cloneFile("strategies/trend.ts")));
    await expect(run({ strategy: ["mine.ts"] })).rejects.toMatchObject({
      message: expect.stringContaining(`${own}: not in the images`),
    });
  });
});
