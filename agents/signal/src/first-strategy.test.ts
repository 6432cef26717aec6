import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bar } from "@countersign/proposer/testing";
import type { Strategy } from "@countersign/quant";
import { decodeJson, encodeJson } from "@countersign/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Heard, SignalView } from "./core/view.ts";

const page = readFileSync(new URL("../../../docs/first-strategy.md", import.meta.url), "utf8");
const [, source = ""] = /```ts\n(.*?)```/s.exec(page) ?? [];
const folder = mkdtempSync(join(tmpdir(), "first-strategy-"));
let strategy: Strategy;

beforeAll(async () => {
  // As a file of the user's: beside the platform's node_modules, and out of its source.
  symlinkSync(fileURLToPath(new URL("../../../node_modules", import.meta.url)), join(folder, "node_modules"));
  const file = join(folder, "my-strategy.ts");
  writeFileSync(file, source);
  strategy = (await import(pathToFileURL(file).href)).default;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the strategy of docs/first-strategy.md", () => {
  it("is one block that imports quant alone", () => {
    expect(page.match(/```ts/g)?.length).toBe(1);
    expect([...source.matchAll(/from "(.*?)"/g)].map(([, from]) => from)).toEqual(["@countersign/quant"]);
    expect(strategy.name).toBe("my-strategy");
  });

  it("buys what has fallen, leaves when it is back, and survives a restart in between", () => {
    const config = { symbols: ["AAPL"], strategies: [{ id: "strategy:my-strategy@1", strategy }] };
    const closes = [100, 101, 100, 101, 100, 99, 97, 95, 94, 96, 99, 101, 102, 101, 102];
    const bars = closes.map((close, n) => bar("AAPL", BigInt(close * 100), n));
    let view = new SignalView(config);
    const said = bars.flatMap((one) => {
      view = SignalView.restore(config, decodeJson(encodeJson(view.snapshot())));
      const heard = view.fold(one)?.data as Heard | undefined;
      return heard === undefined ? [] : heard.standing.map(({ opinion }) => [opinion.direction, opinion.because]);
    });
    expect(said).toEqual([
      [0.5, "It has fallen too far within a week."],
      [0, "What had fallen has come back."],
    ]);
  });
});
