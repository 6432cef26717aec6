import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratch } from "../test/scratch.ts";
import { LineFile } from "./line-file.ts";

const newPath = () => join(scratch("lines"), "file");
const MAKE_PIPE = 'mkfifo "$0"';
const line = (i: number) => `${JSON.stringify({ i, text: "x".repeat(5_000) })}\n`;

describe("a file of lines", () => {
  it("has each line when its write returns, behind those of others", () => {
    const path = newPath();
    const [one, other] = [new LineFile(path), new LineFile(path)];
    one.write("a\n");
    other.write("b\n");
    one.write("c\n");
    expect(readFileSync(path, "utf8")).toBe("a\nb\nc\n");
  });

  it("goes on when the reader of a pipe stops, and a line that was cut spoils no other", () => {
    const path = newPath();
    execFileSync("sh", ["-c", MAKE_PIPE, path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const lines = new LineFile(path);
    for (let i = 0; i < 40; i++) lines.write(line(i));
    const read = () => {
      const buffer = Buffer.alloc(1 << 20);
      return buffer.toString("utf8", 0, readSync(reader, buffer));
    };
    let text = read();
    for (let i = 40; i < 45; i++) lines.write(line(i));
    text += read();
    closeSync(reader);
    const whole = text.split("\n").flatMap((one) => (one.endsWith("}") ? [JSON.parse(one).i] : []));
    // The pipe holds 64 kB: some lines and a piece of one. Lines up to 4 kB are written whole or not at all.
    expect(whole.length).toBeGreaterThan(10);
    expect(whole.length).toBeLessThan(45);
    const before = whole.slice(0, -5);
    expect(before).toEqual(before.map((_, i) => i));
    expect(whole.slice(-5)).toEqual([40, 41, 42, 43, 44]);
    expect(text.split("\n").filter((one) => one !== "" && !one.endsWith("}")).length).toBe(1);
    lines.write("nobody reads this\n");
  });

  it("does not let the reader of standard output hold up the process", async () => {
    const program = `
      import { LineFile } from ${JSON.stringify(import.meta.resolve("./line-file.ts"))};
      const lines = new LineFile(undefined);
      for (let i = 0; i < 60; i++) lines.write("x".repeat(3_000) + "\\n");
      process.exit(7);`;
    // Through a shell, whose pipe is a pipe; its reader sleeps.
    const script = `( "$0" --input-type=module -e "$1"; echo $? >&2 ) | sleep 40`;
    const shell = spawn("sh", ["-c", script, process.execPath, program], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    const started = performance.now();
    const [code] = await once(shell.stderr, "data");
    expect(String(code)).toBe("7\n");
    // Long before the reader ends, which would free the writer too.
    expect(performance.now() - started).toBeLessThan(30_000);
    process.kill(-(shell.pid as number));
  });
});
