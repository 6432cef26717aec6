import { defineConfig } from "vitest/config";
import { OWN_ENGINES } from "../scripts/engines.ts";

// Tests that start a whole platform with engines of its own. `npm test` runs them last.
export default defineConfig({
  test: {
    include: OWN_ENGINES,
    exclude: ["**/node_modules/**"],
    pool: "forks",
    // One file at a time: thirteen processes and three brokers are much for two cores; two such platforms starve each other.
    maxWorkers: 1,
    experimental: { viteModuleRunner: false },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
