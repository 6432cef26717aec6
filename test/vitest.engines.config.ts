import { defineConfig } from "vitest/config";
import { OWN_ENGINES } from "../scripts/engines.ts";

// Tests that need a server of its own kind, named by it: x.kafka.test.ts, x.redis.test.ts, x.etcd.test.ts, x.k8s.test.ts. `npm test` runs them after the others.
export default defineConfig({
  test: {
    include: ["**/*.{etcd,k8s,kafka,redis}.test.ts"],
    exclude: ["**/node_modules/**", ...OWN_ENGINES],
    globalSetup: ["test/support/engines.ts"],
    pool: "forks",
    maxWorkers: "100%",
    experimental: { viteModuleRunner: false },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
