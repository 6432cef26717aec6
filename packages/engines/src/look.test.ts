import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaVersion, partsOf } from "./index.ts";

const before = { ...process.env };
let empty: string;

beforeEach(() => {
  empty = mkdtempSync(join(tmpdir(), "countersign-look-"));
});
afterEach(() => {
  process.env = { ...before };
  rmSync(empty, { recursive: true, force: true });
});

describe("on a machine with nothing", () => {
  it("every part of Kafka is missing, and says how to have it", async () => {
    process.env.PATH = empty;
    process.env.XDG_CACHE_HOME = empty;
    delete process.env.JAVA_HOME;
    const parts = await partsOf("kafka");
    expect(parts.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "Java missing",
      "Kafka missing",
      "Maven missing",
    ]);
    expect(parts.map(({ cure }) => cure)).toEqual([
      expect.stringContaining("apt-get install -y openjdk-17-jre-headless"),
      "./countersign up",
      expect.stringContaining("apt-get install -y maven"),
    ]);
    expect(parts[1]?.says).toContain(join(empty, "countersign", `kafka-${kafkaVersion()}`));
  });

  it("so are Redis and etcd", async () => {
    process.env.PATH = empty;
    for (const [engine, cure] of [
      ["redis", "redis-server"],
      ["etcd", "etcd-server"],
    ] as const)
      expect(await partsOf(engine)).toMatchObject([{ verdict: "missing", cure: expect.stringContaining(cure) }]);
  });

  it("a JAVA_HOME that leads nowhere is told by its name", async () => {
    process.env.JAVA_HOME = empty;
    const [java] = await partsOf("kafka");
    expect(java).toMatchObject({ verdict: "missing", cure: "unset JAVA_HOME" });
    expect(java?.says).toContain(empty);
  });
});
