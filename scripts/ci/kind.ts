/**
 * A cluster on this machine, by kind, for a laptop and for the pipeline.
 *
 *   node scripts/ci/kind.ts up [--tag TAG] [--from DIR]   a cluster of one node, with the images in it
 *   node scripts/ci/kind.ts install [--tag TAG]           founds a cluster and installs it, with development engines
 *   node scripts/ci/kind.ts down                          takes it away
 *
 * Needs kind and kubectl, and Docker or Podman; `install` needs helm. The images are those of `npm run images -- --tag TAG`.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../images/buildah.ts";
import { PROCESSES } from "../images/names.ts";
import { parseOptions } from "../options.ts";
import { root } from "../run.ts";
import { main, must, read } from "./program.ts";

const NAME = "countersign";
const NAMESPACE = "countersign";
const FOLDER = join(root, ".countersign", "kind");
const KUBECONFIG = join(FOLDER, "kubeconfig");

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { tag: { type: "string" }, from: { type: "string", default: cacheDir() } },
});
const commands: Readonly<Record<string, () => Promise<void>>> = { up, install, down };
const command = commands[positionals[0] ?? ""];
if (command === undefined) {
  console.error(`kind: say ${Object.keys(commands).join(", ")}`);
  process.exit(2);
}
process.env.KUBECONFIG = KUBECONFIG;
await main(command);

async function up(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const tag = await tagOf();
  const archives = IMAGES.map((name) => join(values.from, `${name}-${tag}.tar`));
  const missing = archives.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new Error(`${missing[0]} is not there: npm run images -- --tag ${tag} --out ${values.from}`);
  const there = (await read("kind", ["get", "clusters"])).split("\n").includes(NAME);
  if (!there) await must("kind", ["create", "cluster", "--name", NAME, "--kubeconfig", KUBECONFIG, "--wait", "180s"]);
  for (const archive of archives) await must("kind", ["load", "image-archive", archive, "--name", NAME]);
  console.log(`export KUBECONFIG=${KUBECONFIG}`);
}

async function install(): Promise<void> {
  const tag = await tagOf();
  const founded = join(FOLDER, `founded-${tag}`);
  if (!existsSync(founded)) await must(join(root, "countersign"), ["found", "--dir", founded]);
  const there = (await read("kubectl", ["get", "namespaces", "--output", "name"])).split("\n");
  if (!there.includes(`namespace/${NAMESPACE}`)) await must("kubectl", ["create", "namespace", NAMESPACE]);
  await must("kubectl", [
    "label",
    "namespace",
    NAMESPACE,
    "--overwrite",
    "pod-security.kubernetes.io/enforce=restricted",
  ]);
  await must("kubectl", ["apply", "--namespace", NAMESPACE, "-f", join(founded, "secrets.yaml")]);
  const settings = ["engines.enabled=true", "image.registry=localhost", `image.tag=${tag}`];
  await must("helm", [
    ...["upgrade", "--install", "countersign", join(root, "charts/countersign"), "--namespace", NAMESPACE],
    ...["-f", join(founded, "values.yaml"), ...settings.flatMap((one) => ["--set", one])],
    ...["--wait", "--timeout", "10m"],
  ]);
  await must("kubectl", ["exec", "--namespace", NAMESPACE, "deploy/desk", "--", "./countersign", "status"]);
}

async function down(): Promise<void> {
  await must("kind", ["delete", "cluster", "--name", NAME, "--kubeconfig", KUBECONFIG]);
}

/** As `npm run images` has it: the commit's first twelve digits. */
async function tagOf(): Promise<string> {
  return values.tag ?? (await read("git", ["rev-parse", "--short=12", "HEAD"]));
}

const IMAGES = [...PROCESSES.map((name) => `countersign-${name}`), "countersign", "countersign-engines"];
