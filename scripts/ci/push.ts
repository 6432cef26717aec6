/**
 * `node scripts/ci/push.ts IMAGE --registry ghcr.io/owner --tag TAG [--from dist]`: pushes an archive of `npm run images`, signs its digest and
 * attests what is in it. Whoever can show an OIDC token of this workflow signs: there is no key. The digest is left in IMAGE.digest.
 *
 *   REGISTRY_USER, REGISTRY_TOKEN   logs in, where given
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseOptions } from "../options.ts";
import { DEPLOYED } from "./images.ts";
import { main, must } from "./program.ts";

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { registry: { type: "string" }, tag: { type: "string" }, from: { type: "string", default: "dist" } },
});
const [image = ""] = positionals;
const { registry, tag, from } = values;
if (!DEPLOYED.includes(image) || registry === undefined || tag === undefined) {
  console.error(`push: say one of ${DEPLOYED.join(", ")}, --registry and --tag`);
  process.exit(2);
}

await main(async () => {
  const name = image === "countersign" ? image : `countersign-${image}`;
  const repository = `${registry.toLowerCase()}/${name}`;
  const digestFile = join(from, `${image}.digest`);
  const { REGISTRY_USER: user, REGISTRY_TOKEN: token } = process.env;
  if (user && token) logIn(registry, user, token);
  const archive = `docker-archive:${join(from, `${name}-${tag}.tar`)}`;
  await must("skopeo", ["copy", "--digestfile", digestFile, archive, `docker://${repository}:${tag}`]);
  const digest = readFileSync(digestFile, "utf8").trim();
  const subject = `${repository}@${digest}`;
  await must("cosign", ["sign", "--yes", subject]);
  const sbom = join(from, `${name}-${tag}.cdx.json`);
  await must("cosign", ["attest", "--yes", "--type", "cyclonedx", "--predicate", sbom, subject]);
  console.log(subject);
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `name=${repository}\ndigest=${digest}\n`);
});

/** By standard input: an argument would be seen by everybody on the machine. For both programs, each of which reads the other's file. */
function logIn(registry: string, user: string, token: string): void {
  const [host = ""] = registry.split("/");
  const args = ["login", "--username", user, "--password-stdin", host];
  const { status, stderr } = spawnSync("skopeo", args, { input: token, encoding: "utf8" });
  if (status !== 0) throw new Error(`skopeo login ${host}: ${stderr?.trim() || "not run: skopeo is not installed"}`);
  const again = spawnSync("cosign", ["login", host, "--username", user, "--password-stdin"], { input: token });
  if (again.status !== 0) throw new Error(`cosign login ${host}: ${String(again.stderr).trim()}`);
}
