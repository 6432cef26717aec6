import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { generateSigner } from "@countersign/envelope";
import { emptyCommit, MemoryStore } from "@countersign/runtime";
import { expect, it } from "vitest";
import { runMarket } from "./market.ts";
import type { Process } from "./process.ts";
import { specOf } from "./testing.ts";

const DAY = "2024-01-08T00:00:00Z";
const LINES = ["time,bid,ask", "2024-01-07T10:00:00Z,1.0900,1.0902", "2024-01-08T10:00:00Z,1.0910,1.0912"];

it("a market that was never opened is ready when all from before the day is published, and waits", async () => {
  const market = scene(new MemoryStore());
  await market.until(() => market.said.includes("ready"));
  expect(market.said).toEqual(["1 published", "ready"]);
  await market.close();
});

it("a market that is started again on its day is ready at once: everything before it was published", async () => {
  const store = new MemoryStore();
  const began = { wallMs: Date.now(), traceMs: Date.parse(DAY) };
  await store.commit({ ...emptyCommit, aggregate: { key: "position", version: 0n, state: { events: 1, began } } });
  const market = scene(store);
  await market.until(() => market.said.includes("ready"));
  expect(market.said).toEqual(["ready"]);
  await market.close();
});

/** Only what a market asks of its process. */
function scene(store: MemoryStore) {
  const dir = mkdtempSync(join(tmpdir(), "countersign-market-"));
  const path = join(dir, "EURUSD.csv");
  writeFileSync(path, `${LINES.join("\n")}\n`);
  const said: string[] = [];
  const own = {
    spec: specOf({ market: { traces: [{ path, symbol: "EURUSD" }], from: DAY, speed: 1 } }),
    signer: generateSigner(),
    log: (text: string) => said.push(text),
    onBroken: (error: unknown) => said.push(String(error)),
    ready: () => said.push("ready"),
    genesis: async () => {},
    openStore: async () => store,
    openTeller: async () => ({ say: async () => {}, close: async () => {} }),
    server: { setServing: () => {} },
    loop: { nowMs: () => Date.now(), every: () => {} },
    fence: { state: () => ({ halts: [{ id: "birth" }] }) },
    bus: { publish: async (records: readonly unknown[]) => said.push(`${records.length} published`) },
  };
  const running = runMarket(own as unknown as Process);
  return {
    said,
    async until(isSo: () => boolean) {
      for (const end = performance.now() + 5_000; !isSo() && performance.now() < end; ) await wait(10);
    },
    async close() {
      await (await running).close();
      rmSync(dir, { recursive: true });
    },
  };
}
