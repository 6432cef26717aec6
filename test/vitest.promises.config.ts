import { defineConfig } from "vitest/config";

// The promises' tests run apart from the others: scripts/promises.ts runs them once whole, and once more for each mark.
export default defineConfig({
  test: {
    include: ["test/promises/*.test.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
