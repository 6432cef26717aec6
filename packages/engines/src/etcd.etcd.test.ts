import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { etcd } from "./index.ts";

/** Through the JSON gateway that etcd serves beside gRPC; keys and values in base64. */
async function post(endpoint: string, path: string, body: object) {
  const answer = await fetch(`http://${endpoint}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
  return (await answer.json()) as { readonly kvs?: readonly { readonly value: string }[] };
}

it("the cluster the tests share answers, each member of it", async () => {
  for (const endpoint of inject("etcd"))
    expect(await post(endpoint, "maintenance/status", {})).toHaveProperty("leader");
});

it.runIf(process.env.COUNTERSIGN_ETCD === undefined)(
  "an etcd started here survives one of three, and keeps its data where it is told to",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-test-"));
    const [key, value] = [btoa("a"), btoa("1")];
    try {
      {
        await using cluster = await etcd({ dir });
        const [first, second] = cluster.endpoints;
        await post(first!, "kv/put", { key, value });
        await cluster.node(0).kill();
        await expect
          .poll(async () => (await post(second!, "kv/range", { key })).kvs?.[0]?.value, { timeout: 10_000 })
          .toBe(value);
        await cluster.node(0).start();
      }
      await using again = await etcd({ dir });
      expect((await post(again.endpoints[2]!, "kv/range", { key })).kvs?.[0]?.value).toBe(value);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
