/**
 * `node scripts/ci/digests.ts ENVIRONMENT --commit SHA --from DIR`: writes an environment's images from the digest files of a build, one a
 * push, `<image>.digest`. ArgoCD deploys what is committed of it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { imagePath, isEnvironment, writeImages } from "./images.ts";

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { commit: { type: "string", default: "" }, from: { type: "string", default: "dist" } },
});
const [environment] = positionals;
if (!isEnvironment(environment)) {
  console.error(`${environment ?? "no environment"}: say dev, staging or prod`);
  process.exit(2);
}
const files = readdirSync(values.from).filter((name) => name.endsWith(".digest"));
const digests = Object.fromEntries(
  files.map((file) => [file.slice(0, -".digest".length), readFileSync(join(values.from, file), "utf8").trim()]),
);
writeImages(environment, { commit: values.commit, digests });
console.log(`${imagePath(environment)}: ${files.length} images of ${values.commit}`);
