import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../run.ts";
import { publishSchemas } from "./publish.ts";
import { type RegistryAccess, SchemaRegistry } from "./registry.ts";
import { TestRegistry } from "./test-registry.ts";
import { startTestServer } from "./test-server.ts";

const fill = "orders.execution.v1-countersign.v1.Fill";
const reported = "orders.execution.v1-countersign.v1.OrderReported";

let test: TestRegistry;
beforeEach(() => {
  test = new TestRegistry();
});
afterEach(() => test.remove());

const publish = (access: RegistryAccess) => publishSchemas(test.registry, new SchemaRegistry(access));

describe("a publication", () => {
  it("registers each subject with the file of its message, its imports and its compatibility", async () => {
    await using server = await startTestServer();
    const { registered, already } = await publish(server);
    expect([registered, already]).toEqual([server.subjects.size, 0]);
    const [schema] = server.subjects.get(fill) ?? [];
    const orders = readFileSync(join(test.registry, "releases/1/countersign/v1/orders.proto"), "utf8");
    const importing = (path: string) => ({ name: path, subject: path, version: 1 });
    expect(schema).toEqual({
      schemaType: "PROTOBUF",
      schema: orders,
      references: ["countersign/v1/envelope.proto", "countersign/v1/values.proto"].map(importing),
    });
    expect(server.config.size).toBe(server.subjects.size);
    expect([server.config.get(fill), server.config.get("countersign.v1.Signed")]).toEqual([
      "FULL_TRANSITIVE",
      "BACKWARD_TRANSITIVE",
    ]);
  });

  it("done again asks and changes nothing", async () => {
    await using server = await startTestServer();
    const { registered } = await publish(server);
    server.requests.length = 0;
    expect(await publish(server)).toEqual({ registered: 0, already: registered, configured: 0 });
    expect(server.requests.filter((request) => /^PUT|^POST \/subjects\/.*\/versions$/.test(request))).toEqual([]);
  });

  it("that broke off goes on where it was", async () => {
    await using server = await startTestServer();
    await publish(server);
    server.subjects.delete(fill);
    server.config.delete(fill);
    expect(await publish(server)).toMatchObject({ registered: 1, configured: 1 });
  });

  it("mends a compatibility that somebody changed", async () => {
    await using server = await startTestServer();
    await publish(server);
    server.config.set(fill, "BACKWARD");
    expect(await publish(server)).toMatchObject({ registered: 0, configured: 1 });
    expect(server.config.get(fill)).toBe("FULL_TRANSITIVE");
  });

  it("refers to the versions that the registry gave, not to those that we count", async () => {
    await using server = await startTestServer();
    const values = "countersign/v1/values.proto";
    server.subjects.set(values, [{ schemaType: "PROTOBUF", schema: "somebody else's", references: [] }]);
    await publish(server);
    expect(server.subjects.get(fill)?.[0]?.references).toContainEqual({ name: values, subject: values, version: 2 });
  });

  it("shows the registry its credentials", async () => {
    const authorization = `Basic ${Buffer.from("anna:secret").toString("base64")}`;
    await using server = await startTestServer({ authorization });
    const { code, output } = await command(["publish", "--url", server.url], {
      SCHEMA_REGISTRY_USER_INFO: "anna:secret",
    });
    expect([code, output]).toEqual([0, expect.stringMatching(/^schema: \d+ versions registered, 0 already there/)]);
  });
});

describe("a release published after another", () => {
  async function releaseMore(): Promise<void> {
    test.edit("orders", "optional string text = 10;", "optional string text = 10;\n  optional uint64 at_ms = 11;");
    await test.release();
  }

  it("registers the changed subject's next version and the files that changed, after asking", async () => {
    await using server = await startTestServer();
    await publish(server);
    server.requests.length = 0;
    await releaseMore();
    expect(await publish(server)).toMatchObject({ registered: 2 });
    expect(server.subjects.get(reported)?.length).toBe(2);
    expect(server.subjects.get("countersign/v1/orders.proto")?.length).toBe(2);
    expect(server.requests).toContain(`POST /compatibility/subjects/${reported}/versions?verbose=true`);
  });

  it("stops at what the registry calls incompatible, with its reason", async () => {
    await using server = await startTestServer({ incompatible: [reported] });
    await publish(server);
    await releaseMore();
    await expect(publish(server)).rejects.toMatchObject({
      code: "INCOMPATIBLE",
      message: expect.stringContaining("FIELD_SCALAR_KIND_CHANGED at #/Fill/1"),
    });
    expect(server.subjects.get(reported)?.length).toBe(1);
  });
});

describe("a publication that fails", () => {
  it.each([
    [401, "UNAUTHORISED"],
    [403, "UNAUTHORISED"],
    [404, "NO_REGISTRY"],
    [409, "INCOMPATIBLE"],
    [422, "INVALID_SCHEMA"],
    [500, "UNEXPECTED_ANSWER"],
  ])("with %d is %s", async (status, code) => {
    await using server = await startTestServer({ refuse: { "countersign/v1/values.proto": status } });
    await expect(publish(server)).rejects.toMatchObject({ code, message: expect.stringMatching(/^[^\n]+$/) });
  });

  it("says in one line that nobody answers, and ends with 1", async () => {
    const server = await startTestServer();
    await server[Symbol.asyncDispose]();
    const { code, output } = await command(["publish", "--url", server.url]);
    expect([code, output]).toEqual([
      1,
      `schema: nobody answers at ${server.url} (ECONNREFUSED): check --url, and that the registry runs\n`,
    ]);
  });

  it("never prints the password that was refused", async () => {
    await using server = await startTestServer({ authorization: "Basic other" });
    const env = { SCHEMA_REGISTRY_USER_INFO: "anna:secret" };
    const { code, output } = await command(["publish", "--url", server.url], env);
    expect([code, output]).toEqual([1, expect.stringMatching(/^schema: [^\n]+ answers 401 [^\n]+\n$/)]);
    expect(output).not.toMatch(/secret|YW5uYT/);
  });

  it("for wrong usage ends with 2 and prints the usage", async () => {
    const { code, output } = await command(["publish"]);
    expect([code, output]).toEqual([2, expect.stringMatching(/^schema: usage: [^\n]+\n$/)]);
  });
});

function command(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return run("node", ["scripts/schema.ts", ...args], { env });
}
