import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileWatch } from "./file-watch.ts";
import { following } from "./following.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-watch-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** As a kubelet mounts a projected volume: what is seen leads through `..data`, which is replaced by one rename. */
function project(version: string, files: Readonly<Record<string, string>>): void {
  const folder = join(dir, `..${version}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
    const [top = ""] = path.split("/");
    try {
      symlinkSync(join("..data", top), join(dir, top));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  symlinkSync(`..${version}`, join(dir, "..data_tmp"));
  renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
}

const files = {
  "cluster.json": "{}",
  "secrets.json": '{"postgres":"first"}',
  "keys/policy.envelope.key": "a",
  "keys/hedger.envelope.key": "b",
  "tls/tls.crt": "c",
};
const watch = (also?: readonly string[]) =>
  new FileWatch({ dir, sender: "policy", everyMs: 20, ...(also && { also }) });
const within = (ms: number, promise: Promise<string>) => Promise.race([promise, wait(ms, "nothing")]);

describe("a folder whose files are replaced as a kubelet replaces them", () => {
  it.each([
    ["its own key", { "keys/policy.envelope.key": "new" }, "keys/policy.envelope.key"],
    ["its certificate", { "tls/tls.crt": "new" }, "tls/tls.crt"],
    ["a certificate that it had not", { "kafka/user.crt": "new" }, "kafka/user.crt"],
  ])("says which file is another one: %s", async (_, change, path) => {
    project("1", files);
    const changed = watch().changed();
    expect(await within(100, changed)).toBe("nothing");
    project("2", { ...files, ...change });
    expect(await within(5_000, changed)).toBe(join(dir, path));
  });

  it("says nothing of the same in a new volume, of others' keys, of keys that wait, and of what is read anew", async () => {
    project("1", files);
    const changed = watch().changed();
    const others = { "keys/hedger.envelope.key": "new", "keys/policy.envelope.next.key": "new", "secrets.json": "{}" };
    project("2", { ...files, ...others });
    expect(await within(300, changed)).toBe("nothing");
  });

  it("says it of a file that is named besides, and of one that is gone", async () => {
    project("1", files);
    const named = watch(["secrets.json"]).changed();
    const gone = watch().changed();
    const { "tls/tls.crt": _, ...left } = { ...files, "secrets.json": "{}" };
    project("2", left);
    expect(await within(5_000, named)).toMatch(/secrets.json|tls.crt/);
    expect(await within(5_000, gone)).toBe(join(dir, "tls/tls.crt"));
  });
});

describe("what follows a file", () => {
  it("is what is there now, and the last that could be read while there is none", async () => {
    let text: string | undefined = "first";
    const read = () => {
      if (text === undefined) throw new Error("no such file");
      return text;
    };
    const now = following(read);
    text = "second";
    expect(now()).toBe("first");
    await wait(1_010);
    expect(now()).toBe("second");
    text = undefined;
    await wait(1_010);
    expect(now()).toBe("second");
    expect(() => following(read)).toThrow("no such file");
  });
});
