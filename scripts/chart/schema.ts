/** `node scripts/chart/schema.ts [--check]`: writes the chart's values.schema.json, or says that it is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { valuesSchema } from "./values.ts";

const path = fileURLToPath(new URL("../../charts/countersign/values.schema.json", import.meta.url));
const wanted = `${JSON.stringify(valuesSchema(), null, 2)}\n`;
if (!process.argv.includes("--check")) writeFileSync(path, wanted);
else if (readFileSync(path, "utf8") !== wanted) {
  console.error(`${path} is stale: run \`node scripts/chart/schema.ts\``);
  process.exitCode = 1;
}
