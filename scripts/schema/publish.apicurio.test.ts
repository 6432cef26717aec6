/**
 * The publication against a real registry with Confluent's API. Where it cannot be had, the tests are skipped and say why; where Kafka is required they fail instead, because they need what Kafka's tests need: Java, and Maven to fetch it once.
 */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { root } from "../run.ts";
import { publishSchemas } from "./publish.ts";
import { SchemaRegistry } from "./registry.ts";
import { type Apicurio, startApicurio } from "./test-apicurio.ts";
import { TestRegistry } from "./test-registry.ts";

const reported = "orders.execution.v1-countersign.v1.OrderReported";
const isRequired = (process.env.REQUIRE_ENGINES ?? "").split(",").includes("kafka");

describe("Apicurio Registry", { timeout: 180_000 }, () => {
  let apicurio: Apicurio | undefined;
  let test: TestRegistry;
  beforeAll(async () => {
    try {
      apicurio = await startApicurio();
    } catch (error) {
      if (isRequired) throw error;
      const [reason] = String(error).split("\n");
      console.warn(`not run: scripts/schema/publish.apicurio.test.ts: Apicurio Registry cannot be had (${reason})`);
    }
  }, 300_000);
  afterAll(() => apicurio?.stop());
  beforeEach((context) => {
    if (apicurio === undefined) context.skip("Apicurio Registry cannot be had");
    test = new TestRegistry("newest");
  });
  afterEach(() => test?.remove());

  // One after the other, on one registry, as a project's life goes.
  it("takes every released version with its references, and has them all when asked again", async () => {
    const first = await publishSchemas(join(root, "schema-registry"), connect());
    expect(first.registered).toBeGreaterThan(test.input.expected.length);
    const again = await publishSchemas(join(root, "schema-registry"), connect());
    expect(again).toEqual({ registered: 0, already: first.registered, configured: 0 });
    expect(await ask(`/config/${reported}`)).toEqual({ compatibilityLevel: "FULL_TRANSITIVE" });
    expect(await ask(`/subjects/${reported}/versions/1`)).toMatchObject({
      schemaType: "PROTOBUF",
      references: [{ name: "countersign/v1/envelope.proto" }, { name: "countersign/v1/values.proto" }],
    });
  });

  it("refuses by itself a change that our check refuses", async () => {
    test.edit("orders", "optional string text = 10;", "optional bytes text = 10;");
    // As if somebody had gone round the check: the release is written by hand.
    test.forceRelease(reported);
    const before = await ask(`/subjects/${reported}/versions`);
    await expect(publishSchemas(test.registry, connect())).rejects.toMatchObject({ code: "INCOMPATIBLE" });
    expect(await ask(`/subjects/${reported}/versions`)).toEqual(before);
  });

  it("takes the next version of a subject that changed compatibly", async () => {
    test.edit("orders", "optional string text = 10;", "optional string text = 10;\n  optional uint64 at_ms = 1000;");
    const released = await test.release();
    expect(await publishSchemas(test.registry, connect())).toMatchObject({ registered: 2 });
    expect(await ask(`/subjects/${reported}/versions`)).toContain(released?.versions.get(reported));
  });

  function connect(): SchemaRegistry {
    return new SchemaRegistry({ url: apicurio?.url ?? "" });
  }

  async function ask(path: string): Promise<unknown> {
    return await (await fetch(`${apicurio?.url}${path}`)).json();
  }
});
