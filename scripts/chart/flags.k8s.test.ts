import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { template, valuesOf } from "./helm.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-flags-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each(["laptop", "everything"])("%s: other flags are another ConfigMap, and no pod starts anew", async (scenario) => {
  const few = { state: "ENABLED", variants: { few: 0.01 }, defaultVariant: "few" };
  const before = await objects(scenario, {});
  const after = await objects(scenario, { "trace-share": few });
  const differing = after.filter((one) => !before.includes(one)).map((one) => parse(one));
  expect(differing).toMatchObject([{ kind: "ConfigMap", metadata: { name: "countersign-flags" } }]);
  expect(JSON.parse(differing[0].data["flags.json"]).flags).toMatchObject({ "trace-share": few });
});

async function objects(scenario: string, flags: object): Promise<readonly string[]> {
  const file = join(dir, "flags.json");
  writeFileSync(file, JSON.stringify({ flags }));
  return (await template([...valuesOf(scenario), file])).split(/^---$/m);
}
