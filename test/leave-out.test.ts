import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../scripts/run.ts";

const preload = pathToFileURL(join(import.meta.dirname, "leave-out.mjs")).href;
let folder = "";
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "countersign-leave-out-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function load(source: string, mark: string) {
  const file = join(folder, "gate.ts");
  const receipt = join(folder, "receipt");
  writeFileSync(file, source);
  const env = { LEAVE_OUT: JSON.stringify({ file, mark, receipt }) };
  const { code, output } = await run("node", ["--import", preload, file], { env });
  return { code, output: output.trim(), receipt: existsSync(receipt) ? readFileSync(receipt, "utf8") : "" };
}

describe("the leave-out preload", () => {
  const source = ["let open: boolean = true;", "open = false; // P01.shut", "console.log(open);"].join("\n");

  it("loads the file without the marked line, types still stripped, and leaves a receipt", async () => {
    expect(await load(source, "P01.shut")).toEqual({ code: 0, output: "true", receipt: "P01.shut\n" });
  });

  it("ends the process with 86 when the mark is not in the file, or there twice", async () => {
    expect(await load(source, "P01.shu")).toMatchObject({ code: 86, receipt: "" });
    expect(await load(`${source}\n${source.slice(25)}`, "P01.shut")).toMatchObject({ code: 86, receipt: "" });
  });

  it("ends the process with 86 when it is not told what to leave out", async () => {
    expect((await run("node", ["--import", preload, "--eval", "0"], { env: { LEAVE_OUT: "{}" } })).code).toBe(86);
  });
});
