/**
 * `node scripts/ci/verify.ts ENVIRONMENT --registry ghcr.io/owner --identity REPOSITORY-URL`: before images are promoted, that each was signed by
 * this repository's own workflow on its main branch, and that its contents are attested by the same.
 */
import { parseOptions } from "../options.ts";
import { isEnvironment, readImages } from "./images.ts";
import { main, read } from "./program.ts";

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { registry: { type: "string" }, identity: { type: "string" } },
});
const [environment] = positionals;
const { registry, identity } = values;
if (!isEnvironment(environment) || registry === undefined || identity === undefined) {
  console.error("verify: say dev, staging or prod, --registry and --identity");
  process.exit(2);
}

await main(async () => {
  const images = readImages(environment);
  if (images === undefined) throw new Error(`${environment}: no image has come there yet`);
  const by = [
    "--certificate-identity",
    `${identity}/.github/workflows/ci.yaml@refs/heads/main`,
    "--certificate-oidc-issuer",
    "https://token.actions.githubusercontent.com",
  ];
  for (const [image, digest] of Object.entries(images.digests)) {
    const name = image === "countersign" ? image : `countersign-${image}`;
    const subject = `${registry.toLowerCase()}/${name}@${digest}`;
    await read("cosign", ["verify", ...by, subject]);
    await read("cosign", ["verify-attestation", "--type", "cyclonedx", ...by, subject]);
    console.log(`ok  ${subject}`);
  }
});
