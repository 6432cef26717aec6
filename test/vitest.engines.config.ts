import { defineConfig } from "vitest/config";

// Tests that need a server of its own kind, named by it: x.kafka.test.ts, x.redis.test.ts, x.etcd.test.ts, x.k8s.test.ts. `npm test` runs them after the others.
export default defineConfig({
  test: {
    include: ["**/*.{etcd,k8s,kafka,redis}.test.ts"],
    exclude: ["**/node_modules/**"],
    globalSetup: ["test/support/engines.ts"],
    pool: "forks",
    // One file at a time: some start thirteen processes and three brokers, and two such clusters starve each other on two cores.
    maxWorkers: 1,
    experimental: { viteModuleRunner: false },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
