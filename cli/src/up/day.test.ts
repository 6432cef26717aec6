import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { expect, it } from "vitest";
import { dayOver, marketLogSize } from "./day.ts";

it("the day is over when the market of this life says so", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-day-"));
  try {
    expect(marketLogSize(dir)).toBe(0);
    mkdirSync(join(dir, "logs"));
    const say = (msg: string) =>
      appendFileSync(join(dir, "logs", "market.log"), `${JSON.stringify({ agent: "market", msg })}\n`);
    say("the market is at its end");
    const from = marketLogSize(dir);
    const stop = new AbortController();
    let isOver = false;
    const over = dayOver(dir, from, stop.signal).then(() => {
      isOver = true;
    });
    say("ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isOver).toBe(false);
    say("the market is at its end");
    await over;
    const aborted = dayOver(dir, marketLogSize(dir), stop.signal);
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("the market still says it in these words", () => {
  expect(readFileSync(cloneFile("platform/src/processes/market.ts"), "utf8")).toContain('"the market is at its end"');
});
