import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/promises/**", "test/fixtures/**", "**/*.{etcd,k8s,kafka,redis}.test.ts"],
    // A worker a core: by itself vitest leaves one out, which of two is half.
    maxWorkers: "100%",
    experimental: { viteModuleRunner: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
