import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import * as face from "./index.ts";

it("the package offers what its face lists", () => {
  expect(Object.keys(face).sort()).toEqual(["GrpcError", "GrpcRpc", "withRetries"]);
});

it("the README's example runs, and the process ends by itself", async () => {
  const folder = new URL("..", import.meta.url);
  const example = /```ts\n(.*?)```/s.exec(readFileSync(new URL("README.md", folder), "utf8"))?.[1] ?? "";
  const program = `
    const sealed = Uint8Array.of(1, 2, 3);
    const answerTo = (envelope) => envelope.toReversed();
    ${example}
    console.log([...answer].join());`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder });
  expect((await run).stdout).toBe("3,2,1\n");
});
