import { describe, expect, it } from "vitest";
import * as engines from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(engines).sort()).toEqual([
      "EngineError",
      "cacheDir",
      "etcd",
      "etcdProgram",
      "etcdctlProgram",
      "freePorts",
      "kafka",
      "kafkaVersion",
      "memberArguments",
      "partsOf",
      "postgres",
      "redis",
      "whyMissing",
    ]);
  });
});

describe("engines given by address", () => {
  it("are taken as they are, and are not ours to end", async () => {
    process.env.COUNTERSIGN_KAFKA = "10.0.0.1:9092,10.0.0.2:9092";
    process.env.COUNTERSIGN_ETCD = "10.0.0.5:2379,10.0.0.6:2379";
    process.env.COUNTERSIGN_REDIS = "redis://10.0.0.3:6379";
    process.env.COUNTERSIGN_POSTGRES = "postgres://10.0.0.4/db";
    try {
      await using kafka = await engines.kafka();
      await using etcd = await engines.etcd();
      await using redis = await engines.redis();
      await using postgres = await engines.postgres({ dir: "/nonexistent" });
      expect(kafka.brokers).toEqual(["10.0.0.1:9092", "10.0.0.2:9092"]);
      expect(() => kafka.node(0)).toThrow(expect.objectContaining({ code: "NOT_OURS" }));
      expect(etcd.endpoints).toEqual(["10.0.0.5:2379", "10.0.0.6:2379"]);
      expect(() => etcd.node(0)).toThrow(expect.objectContaining({ code: "NOT_OURS" }));
      expect(redis.url).toBe("redis://10.0.0.3:6379");
      await expect(redis.kill()).rejects.toMatchObject({ code: "NOT_OURS" });
      expect(postgres.url).toBe("postgres://10.0.0.4/db");
      for (const engine of ["etcd", "kafka", "redis", "postgres"] as const)
        expect(await engines.whyMissing(engine)).toBe(undefined);
    } finally {
      for (const engine of ["ETCD", "KAFKA", "REDIS", "POSTGRES"]) delete process.env[`COUNTERSIGN_${engine}`];
    }
  });
});

describe("an engine that cannot be had", () => {
  it("is told with its cure: no Java", async () => {
    process.env.JAVA_HOME = "/nonexistent";
    try {
      const why = await engines.whyMissing("kafka");
      expect(why).toMatchObject({ code: "PROGRAM_MISSING" });
      expect(why?.message).toContain("JAVA_HOME");
    } finally {
      delete process.env.JAVA_HOME;
    }
  });
});
