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

  it("so is Redis", async () => {
    process.env.PATH = empty;
    expect(await partsOf("redis")).toMatchObject([
      { verdict: "missing", cure: expect.stringContaining("redis-server") },
    ]);
  });

  it("a JAVA_HOME that leads nowhere is told by its name", async () => {
    process.env.JAVA_HOME = empty;
    const [java] = await partsOf("kafka");
    expect(java).toMatchObject({ verdict: "missing", cure: "unset JAVA_HOME" });
    expect(java?.says).toContain(empty);
  });
});
